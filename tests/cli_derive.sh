#!/usr/bin/env bash
# fewmul derive: what each operation writes holds and names its parents, exit codes.
set -eu
fewmul=$1
. "$(dirname "$0")/shell_support.sh"

# derives FORMAT RANK ARGUMENT...: into out.json
derives() {
    local format=$1 rank=$2
    shift 2
    exits 0 "$fewmul" derive "$@" -o out.json
    [ ! -s out ] || fail "output beside -o: $(cat out)"
    matches err "^$format over [a-z0-9]*: rank $rank, verified\$"
    exits 0 "$fewmul" verify out.json
    has out "$format, rank $rank, holds"
}

strassen >strassen.txt
exits 0 "$fewmul" show --json strassen.txt
hash=$(grep -o '"hash": "[0-9a-f]*"' out | grep -o '[0-9a-f]\{64\}')

derives 2x2x4 15 extend --axis p --count 2 strassen.txt
exits 0 "$fewmul" show --json out.json
has out '"engine": "extend"'
has out "\"parents\": [\"$hash\"]"
cp out.json 2x2x4.json
derives 4x2x2 15 permute --to 4x2x2 2x2x4.json
derives 2x4x2 14 merge --axis m strassen.txt strassen.txt
derives 6x2x2 21 merge --axis n strassen.txt strassen.txt strassen.txt
derives 2x2x3 11 project --axis p 2x2x4.json
derives 2x2x2 7 project --axis p --count 2 2x2x4.json
exits 0 "$fewmul" show --json 2x2x4.json
parent=$(grep -o '"hash": "[0-9a-f]*"' out | grep -o '[0-9a-f]\{64\}')
exits 0 "$fewmul" show --json out.json
has out "\"parents\": [\"$parent\"]"
derives 2x2x3 11 project --axis p --index 3 2x2x4.json
derives 4x4x4 49 product strassen.txt strassen.txt
derives 8x8x8 343 product strassen.txt strassen.txt strassen.txt
derives 2x2x2 7 reduce strassen.txt

# The same seed gives the same scheme, other ones others.
exits 0 "$fewmul" derive sandwich --seed 3 strassen.txt -o a.json
exits 0 "$fewmul" derive sandwich --seed 2 --count 2 strassen.txt -o b.json
exits 0 "$fewmul" verify b.json
[ "$(grep -c 'rank 7, holds over zt' out)" -eq 2 ] || fail "two changes of basis: $(cat out)"
exits 0 "$fewmul" show --json a.json
a=$(grep -o '"hash": "[0-9a-f]*"' out)
exits 0 "$fewmul" show --json b.json
has out "$a"

# From z to zt: a change of basis undone, and what leads nowhere.
exits 0 "$fewmul" convert --ring z strassen.txt -o z.json
exits 0 "$fewmul" derive sandwich --seed 1 --count 4 z.json -o wide.json
exits 0 "$fewmul" verify wide.json
has out 'holds over z;'
exits 0 "$fewmul" derive ternary wide.json -o narrow.json
exits 0 "$fewmul" verify narrow.json
[ "$(grep -c 'rank 7, holds over zt' out)" -eq 4 ] || fail "not all over zt: $(cat out)"
exits 0 "$fewmul" show --json narrow.json
has out '"engine": "ternary"'
exits 0 "$fewmul" convert --ring f2 strassen.txt -o f2.json
exits 2 "$fewmul" derive ternary f2.json
has err 'lift it first'

# The best that given schemes lead to; into a store and from it.
exits 0 "$fewmul" derive best 4x4x4 strassen.txt --store store
[ ! -s out ] || fail "output beside --store: $(cat out)"
has_line err '4x4x4:49 = 2x2x2:7 x 2x2x2:7'
matches err '^4x4x4 over zt: rank 49, verified, saved as store/4x4x4/zt/rank49/[0-9a-f]{64}.json$'
exits 0 "$fewmul" derive best 5x4x4 store --json
has out '{"format": "5x4x4", "ring": "zt", "rank": 65, "additions": '
has out '"saved": null}'
[ ! -s err ] || fail "noise: $(cat err)"
exits 0 "$fewmul" derive best 3x3x3
has err '3x3x3 over zt: rank 27, verified'
exits 0 "$fewmul" convert --ring f3 strassen.txt -o f3.json
exits 0 "$fewmul" derive best 2x2x4 f3.json -o out.json
has err '2x2x4 over f3: rank 14, verified'
exits 0 "$fewmul" derive best 2x2x4 --ring zt f3.json -o out.json
has err '2x2x4 over zt: rank 16, verified'

# To standard output, from standard input; several are an array.
exits 0 "$fewmul" derive extend --axis n - <strassen.txt
cp out one.json
exits 0 "$fewmul" verify one.json
has out '3x2x2, rank 11'
exits 0 "$fewmul" derive extend --axis n strassen.txt 2x2x4.json
cp out two.json
exits 0 "$fewmul" verify two.json
has out 'two.json[1]: 3x2x4, rank 23'

# A wrong scheme leads nowhere.
sed '2s/1/0/' strassen.txt >wrong.txt
echo precious >kept.json
for operation in 'extend --axis n' 'reduce' 'sandwich' 'product strassen.txt' \
    'best 2x2x3 strassen.txt'; do
    # shellcheck disable=SC2086 # words
    exits 1 "$fewmul" derive $operation wrong.txt -o kept.json
    has err 'fewmul: wrong.txt: '
    has err 'does not hold'
    [ "$(cat kept.json)" = precious ] || fail "$operation failed, and the old output is gone"
done

exits 1 "$fewmul" derive merge --axis n wrong.txt strassen.txt
has err 'fewmul: wrong.txt: the scheme does not hold'

# Wrong calls.
exits 2 "$fewmul" derive
exits 2 "$fewmul" derive extend
exits 2 "$fewmul" derive grow strassen.txt
has err "unknown operation 'grow'"
exits 2 "$fewmul" derive extend strassen.txt
has err 'extend needs --axis'
exits 2 "$fewmul" derive extend --axis k strassen.txt
exits 2 "$fewmul" derive extend --axis n --count 0 strassen.txt
exits 2 "$fewmul" derive extend --axis n --count 5G strassen.txt
has err 'fewmul: strassen.txt: n would be'
exits 2 "$fewmul" derive project --axis n --index 2 strassen.txt
has err 'fewmul: strassen.txt: index 2: 2x2x2 has 2'
exits 2 "$fewmul" derive project --axis n --index x strassen.txt
exits 2 "$fewmul" derive project --axis n --index 0 --count 2 strassen.txt
exits 2 "$fewmul" derive project --axis n --count 2 strassen.txt
exits 2 "$fewmul" derive reduce --index 0 strassen.txt
exits 2 "$fewmul" derive reduce --count 2 strassen.txt
exits 2 "$fewmul" derive merge --axis n strassen.txt
has err 'at least two schemes'
exits 2 "$fewmul" derive merge --axis n strassen.txt 2x2x4.json
has err 'fewmul: 2x2x4.json: 2x2x2 and 2x2x4 cannot be merged along n'
exits 2 "$fewmul" derive permute strassen.txt
exits 2 "$fewmul" derive permute --to 2x2x3 strassen.txt
exits 2 "$fewmul" derive permute --to 2by2 strassen.txt
exits 2 "$fewmul" derive best 4x4 strassen.txt
exits 2 "$fewmul" derive best 4x4x4 absent.json
has err 'fewmul: absent.json'
exits 2 "$fewmul" derive reduce strassen.txt -o absent/out.json
