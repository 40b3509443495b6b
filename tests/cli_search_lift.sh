#!/usr/bin/env bash
# fewmul search --lift: finds and lifts are both in the store, a lift names its find, refusals are said.
set -eu
fewmul=$1
. "$2/tests/shell_support.sh"

# The value of a key in the lines of an event in the JSON output, the last one.
value() { grep "^{\"$1\"" out | tail -n 1 | grep -o "\"$2\": \"[^\"]*\"" | sed 's/.*: "\(.*\)"/\1/'; }

for ring in f2 f3; do
    exits 0 "$fewmul" search 2x2x2 --ring $ring --target 7 --lift --threads 2 --store store --json
    lift=$(value lift path)
    find=$(value lift from)
    [ -s "$lift" ] || fail "no lift: $(cat out)"
    grep '^{"find"' out | grep -qF "\"path\": \"$find\"" || fail "lifted is no find: $(cat out)"
    tail -n 1 out | grep -q '"target_reached": true' || fail "the outcome is not last"
    exits 0 "$fewmul" verify "$lift"
    has out 'rank 7, holds over '
    exits 0 "$fewmul" show --json "$lift"
    if grep -qF '"engine": "ternary"' out; then # its parent is the lift
        exits 0 "$fewmul" show --json store/2x2x2/z/rank7/"$(grep -o '"parents": \["[0-9a-f]*' out | grep -o '[0-9a-f]*$')".json
    fi
    has out '"engine": "lift"'
    has out "\"parents\": [\"$(basename "$find" .json)\"]"
    exits 0 "$fewmul" show --json "$find"
    has out "\"ring\": \"$ring\""
done

# As text.
exits 0 "$fewmul" search 2x2x2 --ring f2 --target 7 --lift --store store
has out 'rank 7 lifted to zt in'
exits 0 "$fewmul" results --store store

# Modulo 2 one product is enough for a matrix of determinant 2; over q there is none.
printf 'shape 2 2 1\n1 1 1 1\n1 2 1 1\n2 1 1 1\n2 2 1 3\n' >two.tns
exits 0 "$fewmul" search two.tns --ring f2 --target 1 --flips 100k --lift --store two
has out 'rank 1, no lift to q found: the linear system of step 1'
exits 0 "$fewmul" search two.tns --ring f2 --target 1 --flips 100k --lift --store two --json
has out '{"lift": {"format": "two", "ring": null, "rank": 1'
has out '"error": "no lift to q found: the linear system of step 1'

# A lift that cannot be saved is no success; the find is.
mkdir -p full/2x2x2
touch full/2x2x2/zt full/2x2x2/z full/2x2x2/q
exits 2 "$fewmul" search 2x2x2 --ring f2 --target 7 --lift --store full
exits 0 "$fewmul" verify full/2x2x2/f2/rank7/*.json

# A signal during the search: it ends by the signal's code, and what is reported is there.
"$fewmul" search 4x4x4 --ring f2 --lift --store signal --json >out 2>err &
search=$!
until grep -q '^{"lift"' out; do sleep 0.05; done
kill -TERM $search
code=0
wait $search || code=$?
[ $code = 143 ] || fail "SIGTERM: code $code"
has out '"interrupted": true'
exits 0 "$fewmul" verify signal/4x4x4/*/*/*.json

exits 2 "$fewmul" search 2x2x2 --lift --store store
has err 'fewmul: --lift'
