#!/usr/bin/env bash
# fewmul results: a store beside the published ranks.
set -eu
fewmul=$1
. "$(dirname "$0")/shell_support.sh"
unset FEWMUL_STORE

# No store, and an empty one.
exits 2 "$fewmul" results
matches err '^fewmul: fewmul-results'
exits 2 "$fewmul" results absent
matches err '^fewmul: absent'
mkdir empty
exits 0 "$fewmul" results empty
matches out '^empty: the store is empty$'
exits 0 "$fewmul" results --json empty
[ ! -s out ] || fail "JSON of an empty store: $(cat out)"

# The store that comes with the source: every file is read and holds.
exits 0 "$fewmul" results "$2/results"
matches out '^3x3x3 +zt +23 '
find "$2/results" -name '*.json' -exec "$fewmul" verify --quiet {} + || fail "results/ does not hold"

# A store with what a search finds in no time.
search() {
    exits 0 "$fewmul" search --threads 1 --seed 1 --store store "$@"
}
search 2x2x2 --ring zt --target 7
search 2x2x2 --ring f3 --target 7
search 3x2x2 --ring f2 --target 12 --strategy walks
exits 0 "$fewmul" results store
matches out '^format +ring +rank +schemes +published'
matches out '^2x2x2 +zt +7 +[1-9][0-9]* +7 +reached$'
matches out '^2x2x2 +f3 +7 +[1-9][0-9]* +7 zt +reached$'
matches out '^3x2x2 +f2 +12 +1 +11 +\+1$'
search 3x2x2 --ring f2 --target 11 --strategy walks
exits 0 "$fewmul" results store
matches out '^3x2x2 +f2 +11 +[1-9][0-9]* +11 +reached$'
cp out by_operand
exits 0 "$fewmul" results --store store
cmp out by_operand || fail "--store"
FEWMUL_STORE=store exits 0 "$fewmul" results
cmp out by_operand || fail "FEWMUL_STORE"
exits 2 "$fewmul" results --store store store

exits 0 "$fewmul" results --json store
[ "$(wc -l <out)" -eq 3 ] || fail "JSON lines: $(cat out)"
schemes=$(find store -type f -name '*.json' -exec "$fewmul" verify --json {} + |
    grep -c '"ring": "zt", "format": "2x2x2", "rank": 7,')
matches out '^\{"format": "2x2x2", "ring": "zt", "rank": 7, "schemes": '"$schemes"', "published": 7, "published_ring": "zt", "record": false\}$'
matches out '"ring": "f3", .*"published_ring": "zt"'
matches out '"format": "3x2x2", "ring": "f2", .*"published": 11, "published_ring": "f2"'

# A tensor that is no matrix product has nothing to be compared with.
cat >two.tensor <<'END'
shape 2 2 2
1 1 1 1
2 2 2 1
END
exits 0 "$fewmul" search --threads 1 --seed 1 --store store --ring zt --target 2 ./two.tensor
exits 0 "$fewmul" results store
matches out '^\S*two\S* +zt +2 +1 +-$'

# A path alone proves nothing: neither an empty file, nor a scheme of another rank, nor one that does
# not hold makes a record.
scheme=$(ls -d "$PWD"/store/2x2x2/zt/rank7/*.json | head -n 1)
mkdir -p store/2x2x2/zt/rank{5,6}
cp "$scheme" store/2x2x2/zt/rank6
: >"store/2x2x2/zt/rank5/$(basename "$scheme")"
exits 2 "$fewmul" results store
matches out '^2x2x2 +zt +7 +[1-9][0-9]* +7 +reached$'
matches err '^fewmul: store/2x2x2/zt/rank5/.*: empty$'
matches err '^fewmul: store/2x2x2/zt/rank6/.*: not the scheme that its path says$'
