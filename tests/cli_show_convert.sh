#!/usr/bin/env bash
# fewmul show and fewmul convert: formulas, facts, round trips, rings.
set -eu
fewmul=$1
. "$(dirname "$0")/shell_support.sh"

strassen >strassen.txt

# The classical scheme of 1x1x2 with scaled factors: 2 a11 times 1/2 b11, -a11 times -3/2 b12 times
# -2/3 (wrong sign on purpose: show does not verify).
cat >scaled.txt <<'END'
1 1 2 2
2
-1
1/2 0
0 -3/2
1 0
0 -2/3
END

exits 0 "$fewmul" show strassen.txt
has_line out 'm1 = (a11 + a22) * (b11 + b22)'
has_line out 'm2 = (a21 + a22) * (b11)'
has_line out 'm6 = (-a11 + a21) * (b11 + b12)'
has_line out 'c11 = m1 + m4 - m5 + m7'
has_line out 'c12 = m3 + m5'
has_line out 'c21 = m2 + m4'
has_line out 'c22 = m1 - m2 + m3 + m6'
has_line out 'rank       7'
has_line out 'additions  18'
has_line out 'exponent   2.8074'
exits 0 "$fewmul" show scaled.txt
has_line out 'm1 = (2a11) * (1/2b11)'
has_line out 'm2 = (-a11) * (-3/2b12)'
has_line out 'c11 = m1'
has_line out 'c12 = -2/3m2'
has_line out 'ring       q'
exits 2 "$fewmul" show absent.txt strassen.txt
has err 'fewmul: absent.txt:'
has_line out 'm2 = (a21 + a22) * (b11)'

# Facts for machines. The hash is that of the scheme, not of the file.
exits 0 "$fewmul" show --json strassen.txt
has out '"format": "2x2x2", "ring": "zt", "rank": 7, "additions": 18, "exponent": 2.8073'
hash=$(grep -o '"hash": "[0-9a-f]*"' out)
[ ${#hash} -eq 74 ] || fail "hash: $hash"
{ sed -n 1p strassen.txt; sed -n '2,8p' strassen.txt | tac; sed -n '9,15p' strassen.txt | tac
  sed -n '16,22p' strassen.txt | tac; } >reversed.txt
exits 0 "$fewmul" show --json reversed.txt
has out "$hash"

# There and back again.
exits 0 "$fewmul" convert --to json strassen.txt -o strassen.json
[ ! -s out ] || fail "output beside -o: $(cat out)"
exits 0 "$fewmul" convert --to text strassen.json
cmp out strassen.txt || fail "text to JSON to text"
exits 0 "$fewmul" convert --to=text - <strassen.json
cmp out strassen.txt || fail "from standard input"
exits 0 "$fewmul" convert --to text --output scaled2.txt scaled.txt
cmp scaled.txt scaled2.txt || fail "fractions"
exits 0 "$fewmul" verify strassen.json
has out 'holds over zt'

# Every kind there and back again, by standard input too; several only where the kind has room.
for kind in json text exp equations mathematica maple sms coefficients; do
    exits 0 "$fewmul" convert --to $kind scaled.txt -o scaled.$kind
    exits 0 "$fewmul" convert --to text scaled.$kind
    cmp out scaled.txt || fail "text to $kind to text"
    exits 0 "$fewmul" convert --to $kind - <scaled.$kind
    cmp out scaled.$kind || fail "$kind to $kind"
done
exits 0 "$fewmul" convert --to latex strassen.txt
has out '\begin{longtable}'
cat strassen.txt scaled.txt >two.txt
exits 2 "$fewmul" convert --to exp two.txt
has err 'two.txt: 2 schemes, and a file of kind exp has one'
exits 0 "$fewmul" convert --to sms two.txt -o two.sms
exits 0 "$fewmul" convert --to text two.sms
cmp out two.txt || fail "two schemes as sms"
exits 2 "$fewmul" convert --to xml strassen.txt
has err "'xml' is none of json, text, exp, equations, mathematica, maple, sms, coefficients, npz or latex"
rm two.txt two.sms

# A triple in three files.
exits 0 "$fewmul" convert --to sms scaled.txt -o triple_P.sms
for matrix in L R P; do
    [ "$(grep -c R triple_$matrix.sms)" -eq 1 ] || fail "one matrix: $(cat triple_$matrix.sms)"
done
exits 0 "$fewmul" convert --to text triple_R.sms
cmp out scaled.txt || fail "three files"

# What a file does not say can be told.
exits 0 "$fewmul" show --transposed no scaled.coefficients
has_line out 'c11 = m1'
exits 2 "$fewmul" show --transposed no scaled.mathematica
has err 'which are not those of a matrix product with W for C itself'
exits 2 "$fewmul" show --format 1x2x1 scaled.mathematica
has err 'which are not those of 1x2x1'
exits 0 "$fewmul" show --ring f5 scaled.txt
has_line out 'ring       f5'

# Several schemes stay several, in order.
exits 0 "$fewmul" convert --to text strassen.json
cat strassen.txt scaled.txt strassen.txt >three.txt
exits 0 "$fewmul" convert three.txt -o three.json
exits 0 "$fewmul" convert --to text three.json -o again.txt
cmp three.txt again.txt || fail "three schemes"
exits 0 "$fewmul" show --json three.json
[ "$(wc -l <out)" -eq 3 ] || fail "three schemes: $(cat out)"
sed -n 2p out >line && has line '"index": 1, "format": "1x1x2", "ring": "q"'
exits 0 "$fewmul" show three.json
has_line out 'three.json[2]'

# A tensor that is no matrix product: its entries have one index, and text has no place for it.
cat >two.json <<'END'
{"tensor": {"name": "two", "shape": [2, 2, 2], "entries": [[1, 1, 1, 1], [2, 2, 2, 1]]},
 "m": 2, "z2": false, "u": [[1, 0], [0, 1]], "v": [[1, 0], [0, 1]], "w": [[1, 0], [0, 1]]}
END
exits 0 "$fewmul" show two.json
has_line out 'tensor     two'
has_line out 'm2 = (a2) * (b2)'
has_line out 'c2 = m2'
exits 0 "$fewmul" show --json two.json
has out '"exponent": null'
exits 2 "$fewmul" convert --to text two.json -o two.txt
has err 'fewmul: two.json: '
[ -z "$(find . -name 'two.txt*')" ] || fail "half an output: $(find . -name 'two.txt*')"

# Rings.
exits 0 "$fewmul" convert --ring f2 strassen.txt -o f2.json
exits 0 "$fewmul" show f2.json
has_line out 'ring       f2'
has_line out 'm7 = (a12 + a22) * (b21 + b22)'
exits 0 "$fewmul" convert --ring q strassen.txt -o q.json
exits 0 "$fewmul" show --json q.json
has out '"ring": "q"'
for ring in zt z f2 f3; do
    exits 2 "$fewmul" convert --ring $ring scaled.txt -o none.json
    has err 'fewmul: scaled.txt:1: '
    [ ! -e none.json ] || fail "a file that was refused was written"
done
exits 0 "$fewmul" convert --ring f5 scaled.txt -o f5.json
exits 2 "$fewmul" convert --ring z f2.json
has err 'no map from f2 to z'

# What stands at the output stays when the input is wrong, and no other file is left.
echo precious >kept.json
exits 2 "$fewmul" convert --ring f2 scaled.txt -o kept.json
exits 2 "$fewmul" convert absent.txt -o kept.json
[ "$(cat kept.json)" = precious ] || fail "the old output is gone"
exits 2 "$fewmul" convert strassen.txt -o absent/out.json
has err 'absent/out.json'
[ -z "$(find . -name '*.tmp*')" ] || fail "temporary files: $(find . -name '*.tmp*')"
ln -s kept.json link.json
exits 0 "$fewmul" convert strassen.txt -o link.json
{ [ -L link.json ] && cmp kept.json strassen.json; } || fail "a link was replaced"

exits 2 "$fewmul" convert --to xml strassen.txt
exits 2 "$fewmul" convert strassen.txt -o
exits 2 "$fewmul" show -o out strassen.txt
has err "unknown option '-o'"

# Of a folder what is a scheme in it, as 'fewmul verify' takes it.
mkdir folder
cp strassen.txt folder
echo 'No scheme.' >folder/README
exits 0 "$fewmul" show folder
has_line out 'folder/strassen.txt'
exits 2 "$fewmul" show nowhere folder
has_line out 'rank       7'
