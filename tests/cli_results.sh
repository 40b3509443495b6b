#!/usr/bin/env bash
# fewmul results: a store beside the published ranks.
set -eu
fewmul=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
unset FEWMUL_STORE

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

# exits CODE COMMAND...: stdout goes to out, stderr to err.
exits() {
    local expected=$1 code=0
    shift
    "$@" >out 2>err || code=$?
    [ "$code" -eq "$expected" ] || fail "exit code $code, expected $expected: $* $(cat out err)"
}

has() {
    grep -qE -- "$2" "$1" || fail "$1 lacks '$2': $(cat "$1")"
}

# No store, and an empty one.
exits 2 "$fewmul" results
has err '^fewmul: fewmul-results'
exits 2 "$fewmul" results absent
has err '^fewmul: absent'
mkdir empty
exits 0 "$fewmul" results empty
has out '^empty: the store is empty$'
exits 0 "$fewmul" results --json empty
[ ! -s out ] || fail "JSON of an empty store: $(cat out)"

# A store with what a search finds in no time.
search() {
    exits 0 "$fewmul" search --threads 1 --seed 1 --store store "$@"
}
search 2x2x2 --ring zt --target 7
search 2x2x2 --ring f3 --target 7
search 3x2x2 --ring f2 --target 12
exits 0 "$fewmul" results store
has out '^format +ring +rank +schemes +published'
has out '^2x2x2 +zt +7 +[1-9][0-9]* +7 +reached$'
has out '^2x2x2 +f3 +7 +[1-9][0-9]* +7 zt +reached$'
has out '^3x2x2 +f2 +12 +1 +11 +\+1$'
search 3x2x2 --ring f2 --target 11
exits 0 "$fewmul" results store
has out '^3x2x2 +f2 +11 +[1-9][0-9]* +11 +reached$'
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
has out '^\{"format": "2x2x2", "ring": "zt", "rank": 7, "schemes": '$schemes', "published": 7, "published_ring": "zt", "record": false\}$'
has out '"ring": "f3", .*"published_ring": "zt"'
has out '"format": "3x2x2", "ring": "f2", .*"published": 11, "published_ring": "f2"'

# A tensor that is no matrix product has nothing to be compared with.
cat >two.tensor <<'END'
shape 2 2 2
1 1 1 1
2 2 2 1
END
exits 0 "$fewmul" search --threads 1 --seed 1 --store store --ring zt --target 2 ./two.tensor
exits 0 "$fewmul" results store
has out '^\S*two\S* +zt +2 +1 +-$'

# A store says by its paths what it holds: below the published rank is a record, over f3 it is not.
for ring in zt f3; do
    mkdir -p record/2x2x2/$ring/6
    cp store/2x2x2/$ring/7/*.json record/2x2x2/$ring/6
done
exits 0 "$fewmul" results record
has out '^2x2x2 +zt +6 +[0-9]+ +7 +RECORD -1$'
has out '^2x2x2 +f3 +6 +[0-9]+ +7 zt +-1$'
exits 0 "$fewmul" results --json record
has out '"ring": "zt", .*"record": true'
has out '"ring": "f3", .*"record": false'
