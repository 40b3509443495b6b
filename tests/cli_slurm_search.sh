#!/usr/bin/env bash
# scripts/slurm_search.sh with a search and a Slurm that only note how they are called.
set -eu
. "$2/tests/shell_support.sh"
script=$2/scripts/slurm_search.sh

mkdir bin
cat >bin/fewmul <<'COMMAND'
#!/usr/bin/env bash
printf '%s\n' "$@" >called
trap 'echo USR1 >>signals' USR1
trap 'echo TERM >>signals; exit 143' TERM
[ -z "${ENDS_WITH-}" ] || exit "$ENDS_WITH"
echo $$ >process
echo >running
while :; do sleep 0.02; done
COMMAND
cat >bin/scontrol <<'COMMAND'
#!/usr/bin/env bash
echo "$*" >requeued
exit "${SCONTROL_CODE-0}"
COMMAND
chmod +x bin/*
export PATH=$PWD/bin:$PATH SLURM_ARRAY_JOB_ID=77 SLURM_ARRAY_TASK_ID=5 SLURM_CPUS_PER_TASK=3
unset FEWMUL FEWMUL_STORE

# Each task has its own seed, checkpoint and metrics; all have one store.
ENDS_WITH=0 exits 0 bash "$script" run 4x4x5 --ring f2 --target 60
diff called - <<'END_OF_ARGUMENTS'
search
--store
run/store
--threads
3
--quiet
4x4x5
--ring
f2
--target
60
--seed
5
--checkpoint
run/seed-5.checkpoint
--metrics
run/seed-5.metrics.jsonl
END_OF_ARGUMENTS
FEWMUL_STORE=elsewhere ENDS_WITH=0 exits 0 bash "$script" run 4x4x5
has_line called elsewhere

# A search that ends is not queued again, however it ends; only an error is one to Slurm.
ENDS_WITH=1 exits 0 bash "$script" run 4x4x5
has out 'without reaching its target'
ENDS_WITH=2 exits 2 bash "$script" run 4x4x5
has err 'ended with code 2'
[ ! -e requeued ] || fail "queued again after its end"

# start: the script as Slurm runs it, until the search is under way; ended: its exit code.
start() {
    rm -f running signals requeued
    bash "$script" run 4x4x5 >out 2>err &
    job=$!
    until [ -e running ]; do sleep 0.02; done
}
ended() { # CODE
    local code=0
    wait $job || code=$?
    [ $code = "$1" ] || fail "exit code $code, expected $1: $(cat out err)"
}

# Before the time limit: saved once, queued again.
start
kill -USR1 $job
ended 0
[ "$(cat signals)" = TERM ] || fail "signals: $(cat signals)"
has_line requeued 'requeue 77_5'

# Where Slurm refuses that, the log says how to go on.
export SCONTROL_CODE=1
start
kill -USR1 $job
ended 2
has err 'submit the same job to go on'
unset SCONTROL_CODE

# At SIGTERM, which the search gets too: no second one, and whoever sent it queues again or not.
start
kill -TERM $job
until [ -e signals ]; do sleep 0.02; done
[ "$(cat signals)" = USR1 ] || fail "signals: $(cat signals)"
kill -TERM "$(cat process)"
ended 143
[ ! -e requeued ] || fail "queued again after SIGTERM"

# Calls that are wrong.
exits 2 bash "$script" run
exits 2 bash "$script" run 4x4x5 --seed 3
has err '--seed is set for each task'
exits 2 bash "$script" run 4x4x5 --checkpoint=x
has err '--checkpoint is set for each task'
unset SLURM_ARRAY_TASK_ID
exits 2 bash "$script" run 4x4x5
has err 'not a task of an array job'
exits 0 bash "$script" --help
