#!/usr/bin/env bash
# fewmul search: finds are saved and verify, exit codes say how it ended, a signal loses nothing.
set -eu
fewmul=$1
. "$2/tests/shell_support.sh"

# A target that is reached; what is said to be saved is there and holds.
exits 0 "$fewmul" search 2x2x2 --target 7 --threads 2 --store store --json
has out '"rank": 7'
has out '"target_reached": true'
path=$(grep -o '"path": "[^"]*"' out | head -n 1 | sed 's/.*: "\(.*\)"/\1/')
exits 0 "$fewmul" verify "$path"
has out 'holds over zt'
exits 0 "$fewmul" show "$path"
has_line out 'engine     flips'

# The same seed finds the same.
exits 0 "$fewmul" search 3x3x3 --ring f2 --flips 100k --walkers 2 --seed 5 --strategy walks \
    --store one
exits 0 "$fewmul" search 3x3x3 --ring f2 --flips 100k --walkers 2 --seed 5 --strategy walks \
    --threads 1 --store two
best=$(ls one/3x3x3/f2 | sort -V | head -n 1)
[ -n "$best" ] || fail "nothing was found"
diff <(ls "one/3x3x3/f2/$best") <(ls "two/3x3x3/f2/$best")

# A target out of reach, and a search that goes on from what is known.
exits 1 "$fewmul" search 2x2x2 --target 6 --flips 10k --store store
has out 'the target was not reached'
exits 0 "$fewmul" search 2x2x2 --ring f3 --from "$path" --target 7 --store store
exits 2 "$fewmul" search 2x2x3 --from "$path" --store store
has err "$path: a scheme for 2x2x2, not for 2x2x3"
exits 2 "$fewmul" search 3x3x3 --from "$(ls one/3x3x3/f2/"$best"/*.json | head -n 1)" --store store
has err '.json: no map from f2 to zt'

# A tensor from a file.
printf 'shape 2 2 3\n1 1 1 1\n1 2 2 1\n2 1 2 1\n2 2 3 1\n' >poly.tns
exits 0 "$fewmul" search poly.tns --target 3 --store store
exits 0 "$fewmul" verify store/poly-*/zt/rank3/*.json

# Entries other than 1 and -1, over zt as several products.
printf 'shape 2 2 2\n1 1 1 2\n1 2 2 -3\n2 2 1 1\n' >entries.tns
for engine in flips mcts auto; do
    exits 0 "$fewmul" search entries.tns --engine $engine --target 6 --store entries
    exits 0 "$fewmul" search entries.tns --engine $engine --ring f3 --target 2 --store entries
done
exits 0 "$fewmul" verify entries/entries-*/*/*/*.json
printf 'shape 1 1 2\n1 1 1 1000000000000000000000\n1 1 2 1\n' >huge.tns
exits 2 "$fewmul" search huge.tns --store entries
has err 'huge: a standard scheme of more than'
printf 'shape 1 1 1\n1 1 1 2\n' >even.tns
exits 2 "$fewmul" search even.tns --ring f2 --store entries
has err 'even: nothing to search for'
exits 0 "$fewmul" search huge.tns --engine auto --ring f2 --target 1 --store entries
printf 'shape 1 1 2\n1 1 1 40\n1 1 2 1\n' >forty.tns
exits 2 "$fewmul" search forty.tns --engine mcts --store entries
has err 'takes entries from -32 to 32'
exits 0 "$fewmul" search forty.tns --engine auto --target 40 --store entries

# Names with quotes and backslashes are escaped in JSON, and what was saved is found by them.
cp poly.tns 'a"b\c.tns'
exits 0 "$fewmul" search 'a"b\c.tns' --target 3 --store 'st"o\re' --json
has out '"format": "a\"b\\c"'
has out '"path": "st\"o\\re/'

# The engine that keeps the cyclic symmetry, and goes on from what it found.
exits 0 "$fewmul" search 4x4x4 --engine symmetric --ring f2 --target 49 --threads 1 --store orbits
exits 0 "$fewmul" show orbits/4x4x4/f2/rank49/*.json
has_line out 'engine     symmetric'
exits 0 "$fewmul" search 4x4x4 --engine symmetric --ring f2 --flips 10k --store orbits \
    --from "$(ls orbits/4x4x4/f2/rank49/*.json | head -n 1)"

exits 0 "$fewmul" search 3x3x3 --engine auto --ring f2 --target 23 --threads 2 --store tree

# Tree search, from the tensor and from what it found; where there is nothing to play for it ends, too.
exits 0 "$fewmul" search 2x2x2 --engine mcts --target 7 --threads 2 --store tree
exits 0 "$fewmul" show tree/2x2x2/zt/rank7/*.json
has_line out 'engine     mcts'
exits 0 "$fewmul" search 2x2x2 --engine mcts --flips 10k --store tree \
    --from "$(ls tree/2x2x2/zt/rank7/*.json | head -n 1)"
exits 0 "$fewmul" search 1x1x1 --engine mcts --flips 1k --store tree
exits 0 "$fewmul" search 2x2x2 --engine mcts --ring z --coefficients -2..2 --target 7 --store tree
exits 0 "$fewmul" verify tree/2x2x2/z/rank7/*.json
for coefficients in -9..9 -1..2 0..0 2..2 -2..2x x; do
    exits 2 "$fewmul" search 2x2x2 --engine mcts --ring z --coefficients $coefficients --store tree
    has err 'expected -B..B'
done
exits 0 "$fewmul" bench search 2x2x2 --engine mcts --ring z --coefficients -2..2 --target 7 --runs 1
exits 2 "$fewmul" bench search 2x2x2 --engine mcts --ring z --coefficients 2 --target 7
has err 'expected -B..B'
exits 2 "$fewmul" search 2x2x2 --engine auto --ring z --coefficients -2..2 --store tree
has err '--coefficients: only with --engine mcts'

# (1, 2) x (1, 2) x (1, 2): one product with such coefficients, and no start where there are none.
printf 'shape 2 2 2\n1 1 1 1\n1 1 2 2\n1 2 1 2\n1 2 2 4\n2 1 1 2\n2 1 2 4\n2 2 1 4\n2 2 2 8\n' >wide.tns
exits 0 "$fewmul" search wide.tns --engine mcts --ring z --coefficients -2..2 --target 1 --store tree
wide=$(ls tree/wide-*/z/rank1/*.json | head -n 1)
exits 0 "$fewmul" verify "$wide" --json
has out '"ring": "z"'
exits 0 "$fewmul" search wide.tns --engine mcts --ring z --coefficients -3..3 --from "$wide" \
    --flips 10 --store tree
exits 2 "$fewmul" search wide.tns --engine mcts --ring z --from "$wide" --store tree
has err 'a coefficient beyond -1..1'
exits 2 "$fewmul" search 2x2x2 --engine mcts --coefficients -2..2 --store tree
has err 'over z'
exits 0 "$fewmul" search 2x2x2 --engine auto --objective additions --flips 10k --store tree
exits 2 "$fewmul" search 2x2x2 --engine mcts --objective additions --store tree
has err '--objective: only with --engine flips or auto'

# A model is left, gone on from, and refused where it does not fit.
exits 0 "$fewmul" search 2x2x2 --engine mcts --flips 10k --store tree --model model
exits 0 "$fewmul" search 2x2x2 --engine mcts --flips 10k --store tree --model model
exits 2 "$fewmul" search 2x2x3 --engine mcts --flips 10k --store tree --model model
has err 'model: a model of tensor 2x2x2; this search has tensor 2x2x3'
exits 2 "$fewmul" search 2x2x2 --engine flips --flips 10k --store tree --model model
has err '--model: only with --engine mcts or auto'
exits 2 "$fewmul" search 2x2x2 --symmetry cyclic --store tree
has err '--symmetry: only with --engine symmetric'
exits 2 "$fewmul" search 2x2x2 --engine symmetric --strategy walks --store tree
has err '--strategy and --through: only with'

# Where there is nothing to flip, a limit of flips ends the search all the same.
exits 0 "$fewmul" search 1x1x1 --flips 1k --store store

# Calls that are wrong.
exits 2 "$fewmul" search 4x4 --store store
has err "'4x4' is not a format"
exits 2 "$fewmul" search 3x3x3 --ring q --store store
has err 'no search over q'
exits 2 "$fewmul" search 3x3x3 --engine other --store store
has err 'unknown engine'
exits 2 "$fewmul" search 3x3x3 --strategy other --store store
has err 'expected growth, pools or walks'
exits 2 "$fewmul" search 2x3x3 --engine symmetric --store store
has err 'square formats'
exits 2 "$fewmul" search 17x17x17 --store store
exits 2 "$fewmul" search 3x3x3 --threads=-1 --store store
exits 2 "$fewmul" search 3x3x3 --time soon --store store
exits 2 "$fewmul" search 3x3x3 --store /dev/null/store
exits 2 "$fewmul" search

# A store that takes nothing: the find is kept elsewhere, and the exit code says that it is not saved.
mkdir full
touch full/2x2x2
TMPDIR=$PWD exits 2 "$fewmul" search 2x2x2 --flips 10k --walkers 1 --store full
has err 'meanwhile the find is'
exits 0 "$fewmul" verify fewmul-unsaved/2x2x2/zt/rank7/*.json

# A signal ends it with everything saved.
for signal in INT TERM; do
    rm -rf store
    # A job in the background of a script ignores SIGINT, as a search must when told to by nohup;
    # env gives it back its default.
    env --default-signal=INT "$fewmul" search 4x4x4 --ring f2 --store store --json >out 2>err &
    search=$!
    until grep -q '"find"' out; do sleep 0.05; done
    kill -$signal $search
    code=0
    wait $search || code=$?
    [ $code = $([ $signal = INT ] && echo 130 || echo 143) ] || fail "SIG$signal: code $code"
    has out '"interrupted": true'
    grep -o '"path": "[^"]*"' out | sed 's/.*: "\(.*\)"/\1/' | while read -r find; do
        [ -s "$find" ] || fail "$find was reported and is not there"
    done
    exits 0 "$fewmul" verify store/4x4x4/f2/*/*.json
done
