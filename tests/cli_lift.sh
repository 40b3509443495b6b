#!/usr/bin/env bash
# fewmul lift: what it writes holds, what it says of it, exit codes.
set -eu
fewmul=$1
. "$(dirname "$0")/shell_support.sh"

strassen >strassen.txt
for ring in f2 f3 f101; do
    exits 0 "$fewmul" convert --ring $ring strassen.txt -o $ring.json
    exits 0 "$fewmul" lift $ring.json -o lifted.json
    [ ! -s out ] || fail "output beside -o: $(cat out)"
    has_line err "$ring.json: 2x2x2, rank 7, lifted to zt; largest coefficient 1, common denominator 1"
    exits 0 "$fewmul" verify lifted.json
    has out 'rank 7, holds over zt'
    exits 0 "$fewmul" show --json $ring.json
    hash=$(grep -o '"hash": "[0-9a-f]*"' out | grep -o '[0-9a-f]\{64\}')
    exits 0 "$fewmul" show --json lifted.json
    has out '"engine": "lift"'
    has out "\"parents\": [\"$hash\"]"
done

# To standard output, from standard input; several are an array.
exits 0 "$fewmul" lift - <f2.json
has err 'standard input: 2x2x2'
cp out one.json
exits 0 "$fewmul" verify one.json
exits 0 "$fewmul" lift f2.json f3.json
cp out two.json
exits 0 "$fewmul" verify --json two.json
[ "$(grep -c '"valid": true, "ring": "zt"' out)" -eq 2 ] || fail "two lifts: $(cat out)"

# For machines.
exits 0 "$fewmul" lift --json f2.json f3.json
[ "$(wc -l <out)" -eq 2 ] || fail "an object a line: $(cat out)"
has out '{"file": "f2.json", "index": 0, "lifted": true, "ring": "zt", "format": "2x2x2", "rank": 7, "additions": '
has out '"largest": 1, "denominator": 1}'
[ ! -s err ] || fail "noise: $(cat err)"
exits 0 "$fewmul" lift --json f2.json -o beside.json
exits 0 "$fewmul" verify beside.json

# A matrix of determinant 2 has rank 1 modulo 2 alone.
cat >two-f2.json <<'END_OF_FILE'
{"tensor": {"name": "two", "shape": [2, 2, 1],
            "entries": [[1, 1, 1, 1], [1, 2, 1, 1], [2, 1, 1, 1], [2, 2, 1, 3]]},
 "m": 1, "z2": true, "u": [[1, 1]], "v": [[1, 1]], "w": [[1]]}
END_OF_FILE
echo precious >kept.json
exits 1 "$fewmul" lift two-f2.json -o kept.json
has err 'fewmul: two-f2.json: no lift to q found: the linear system of step 1'
[ "$(cat kept.json)" = precious ] || fail "no lift, and the old output is gone"
exits 1 "$fewmul" lift --json two-f2.json
has out '"lifted": false, "ring": null, "error": "two-f2.json: no lift to q found'
exits 1 "$fewmul" lift two-f2.json f2.json -o some.json
exits 0 "$fewmul" verify some.json

# A lift to z is none to zt.
cat >two-f3.json <<'END_OF_FILE'
{"tensor": {"name": "two", "shape": [1, 1, 1], "entries": [[1, 1, 1, 2]]},
 "m": 1, "z2": false, "ring": "f3", "u": [[1]], "v": [[1]], "w": [[2]]}
END_OF_FILE
exits 0 "$fewmul" lift two-f3.json
has err 'lifted to z; largest coefficient 2'
exits 1 "$fewmul" lift --to zt two-f3.json
has err 'over z'

# A wrong scheme has no lift.
sed '2s/1/0/' strassen.txt >wrong.txt
exits 0 "$fewmul" convert --ring f2 wrong.txt -o wrong.json
exits 1 "$fewmul" lift wrong.json
has err 'fewmul: wrong.json: the scheme does not hold over f2'

# Wrong calls.
exits 2 "$fewmul" lift strassen.txt
has err 'fewmul: strassen.txt: the scheme is over zt'
exits 2 "$fewmul" lift absent.json f2.json
has err 'fewmul: absent.json'
exits 2 "$fewmul" lift --to f3 f2.json
exits 2 "$fewmul" lift --steps many f2.json
exits 2 "$fewmul" lift f2.json -o absent/out.json
exits 2 "$fewmul" lift

# Of a folder all schemes in it.
mkdir folder
cp f2.json f3.json folder
exits 0 "$fewmul" lift folder -o all.json
exits 0 "$fewmul" verify --json all.json
[ "$(grep -c '"valid": true, "ring": "zt"' out)" -eq 2 ] || fail "a folder: $(cat out)"
