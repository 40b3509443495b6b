#!/usr/bin/env bash
#SBATCH --job-name=fewmul
#SBATCH --array=1-16
#SBATCH --nodes=1
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=4
#SBATCH --time=24:00:00
#SBATCH --signal=B:USR1@120
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=fewmul-%A_%a.log
# A task of a Slurm array job: one search, its seed the task's index; see docs/cluster.md.
set -u

usage() {
    cat <<'END_OF_USAGE'
usage: sbatch [--array=1-16 ...] scripts/slurm_search.sh FOLDER FORMAT [options of fewmul search]

Searches with many seeds, one for each index of the array, and one store, all in FOLDER:
  store/               the finds of all
  seed-N.checkpoint    where search N goes on after the time limit, a preemption or a failure
  seed-N.metrics.jsonl what it measured, for scripts/plot_metrics.py
Shortly before the time limit a search is saved and its task queued again, until the search ends;
the same call on the same FOLDER goes on with what was cancelled. Options of sbatch go before the
script's name and win over those in it: 16 seeds, 4 threads and 24 hours each.

  FEWMUL        the command [fewmul]
  FEWMUL_STORE  another store than FOLDER/store
END_OF_USAGE
}

fail() {
    echo "slurm_search: $*" >&2
    exit 2
}

case ${1-} in
-h | --help)
    usage
    exit 0
    ;;
esac
if [ $# -lt 2 ]; then
    usage >&2
    exit 2
fi
folder=$1
shift
for argument in "$@"; do
    case $argument in
    --seed | --seed=* | --checkpoint | --checkpoint=* | --metrics | --metrics=*)
        fail "${argument%%=*} is set for each task by its index"
        ;;
    esac
done
[ -n "${SLURM_ARRAY_TASK_ID-}" ] || fail "not a task of an array job; see --help"
seed=$SLURM_ARRAY_TASK_ID
store=${FEWMUL_STORE:-$folder/store}
mkdir -p "$folder" || exit 2

# Bash runs a trap only when `wait` returns, so the search is a job in the background.
"${FEWMUL:-fewmul}" search --store "$store" --threads "${SLURM_CPUS_PER_TASK:-1}" --quiet "$@" \
    --seed "$seed" --checkpoint "$folder/seed-$seed.checkpoint" \
    --metrics "$folder/seed-$seed.metrics.jsonl" &
search=$! time_is_up=false signalled=false

# Only this shell gets the signal that Slurm sends ahead of the time limit.
on_time_limit() {
    $time_is_up || kill -TERM "$search" 2>/dev/null
    time_is_up=true signalled=true
}
# SIGTERM goes to every process of the job. A second one would end the search before it has saved,
# so it is asked for a checkpoint, which does no harm if it is saving already.
on_termination() {
    kill -USR1 "$search" 2>/dev/null
    signalled=true
}
trap on_time_limit USR1
trap on_termination TERM

code=0
wait "$search" || code=$?
while $signalled; do
    signalled=false code=0
    wait "$search" || code=$?
done

case $code in
0) echo "slurm_search: seed $seed has ended" ;;
1)
    echo "slurm_search: seed $seed has ended without reaching its target"
    code=0
    ;;
143)
    if $time_is_up; then
        echo "slurm_search: seed $seed is saved and queued again"
        code=0
        scontrol requeue "${SLURM_ARRAY_JOB_ID}_$seed" ||
            fail "seed $seed is saved, but could not be queued again: submit the same job to go on"
    else
        echo "slurm_search: seed $seed is saved"
    fi
    ;;
*) echo "slurm_search: seed $seed ended with code $code" >&2 ;;
esac
exit $code
