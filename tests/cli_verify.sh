#!/usr/bin/env bash
# fewmul verify: verdicts, the equation that fails, exit codes, JSON.
set -eu
fewmul=$1
source=$2
. "$(dirname "$0")/shell_support.sh"

strassen >strassen.txt

# A scheme that holds.
exits 0 "$fewmul" verify strassen.txt
[ "$(cat out)" = 'strassen.txt: 2x2x2, rank 7, holds over zt; 18 additions, exponent 2.807, coefficients -1, 1' ] ||
    fail "verdict: $(cat out)"
exits 0 "$fewmul" verify - <strassen.txt
has out 'standard input: 2x2x2, rank 7, holds over zt'
exits 0 "$fewmul" verify --ring f7 strassen.txt
has out 'holds over f7'
exits 0 "$fewmul" verify --quiet strassen.txt
[ ! -s out ] || fail "--quiet printed a scheme that holds: $(cat out)"

# A sign flipped in the last product, a12 - a22: a22 b21 and a22 b22 have the wrong sign in c11.
# Over f2 it still holds, but a file with -1 is not one over f2.
sed '8s/.*/0 1 0 1/' strassen.txt >sign.txt
exits 1 "$fewmul" verify sign.txt
has out 'sign.txt: 2x2x2, rank 7, does not hold over zt: a22 b21 in c11 should be 0 and is 2; it holds over f2'
exits 1 "$fewmul" verify --json sign.txt
has out '"valid": false, "ring": "f2"'
exits 0 "$fewmul" verify --ring f2 sign.txt
has out 'sign.txt: 2x2x2, rank 7, holds over f2'
exits 1 "$fewmul" verify --ring zt sign.txt
has out 'does not hold over zt: a22 b21 in c11 should be 0 and is 2'
[ ! -s err ] || fail "a verdict on stderr: $(cat err)"
exits 1 "$fewmul" verify --quiet --ring zt sign.txt
has out 'does not hold over zt'

# The third product dropped, a11 (b12 - b22): a11 b12 is missing in c12.
sed -e '1s/7/6/' -e '4d' -e '11d' -e '18d' strassen.txt >dropped.txt
exits 1 "$fewmul" verify dropped.txt
has out 'dropped.txt: 2x2x2, rank 6, does not hold over zt: a11 b12 in c12 should be 1 and is 0'

# Against another tensor.
exits 0 "$fewmul" verify --tensor 2x2x2 strassen.txt
exits 2 "$fewmul" verify --tensor 2x2x3 strassen.txt
has err 'fewmul: strassen.txt:1: the factors are of sizes 4, 4 and 4, which are not those of 2x2x3'
cat >zero.tensor <<'END'
shape 4 4 4
1 1 1 2
END
exits 1 "$fewmul" verify --tensor ./zero.tensor strassen.txt
has out 'a1 b1 in c1 should be 2 and is 1'

# Names of entries with two digits.
cat >wide.txt <<'END'
1 1 10 1
1
1 0 0 0 0 0 0 0 0 0
1 0 0 0 0 0 0 0 0 0
END
exits 1 "$fewmul" verify wide.txt
has out 'a1_1 b1_2 in c1_2 should be 1 and is 0'

# All files are looked at, and what could not be read wins over what does not hold.
printf '2 2 2 7\n1 0\n' >short.txt
exits 2 "$fewmul" verify short.txt dropped.txt absent.txt strassen.txt
has out 'dropped.txt: 2x2x2, rank 6, does not hold'
has out 'strassen.txt: 2x2x2, rank 7, holds'
has err 'fewmul: short.txt:'
has err 'fewmul: absent.txt:'
exits 2 "$fewmul" verify
exits 2 "$fewmul" verify --ring f4 strassen.txt

# JSON: one object a line and scheme, with the keys of the contract.
exits 2 "$fewmul" verify --json strassen.txt sign.txt dropped.txt short.txt
[ "$(wc -l <out)" -eq 4 ] || fail "JSON lines: $(cat out)"
[ "$(sed -n 1p out)" = '{"file": "strassen.txt", "index": 0, "valid": true, "ring": "zt", "format": "2x2x2", "rank": 7, "additions": 18, "exponent": 2.80735492206, "kind": "text", "transposed": true, "inferred": [], "coefficients": {"count": 2, "values": ["-1", "1"]}}' ] ||
    fail "JSON: $(sed -n 1p out)"
sed -n 2p out >line && has line '"valid": false, "ring": "f2"'
sed -n 3p out >line && has line '"valid": false, "ring": null, "format": "2x2x2", "rank": 6'
sed -n 4p out >line && has line '"error": "short.txt:'
awkward='quo"te\
	.txt'
cp strassen.txt "$awkward"
exits 0 "$fewmul" verify --json "$awkward"
has out '"quo\"te\\\n\t.txt"'
exits 0 "$fewmul" verify --json --quiet strassen.txt
[ ! -s out ] || fail "--quiet --json printed a scheme that holds: $(cat out)"

# What a file does not say is inferred, and stated; options fix it.
cat >strassen.exp <<'END'
(a11+a22)*(b11+b22)*(c11+c22)
(a21+a22)*(b11)*(c12-c22)
(a11)*(b12-b22)*(c21+c22)
(a22)*(-b11+b21)*(c11+c12)
(a11+a12)*(b22)*(-c11+c21)
(-a11+a21)*(b11+b12)*(c22)
(a12-a22)*(b21+b22)*(c11)
END
exits 0 "$fewmul" verify strassen.exp
[ "$(cat out)" = 'strassen.exp: 2x2x2, rank 7, holds over zt; 18 additions, exponent 2.807, coefficients -1, 1; inferred from exp: format, W for the transpose of C' ] ||
    fail "inferred: $(cat out)"
tr - + <strassen.exp >strassen2.exp
exits 0 "$fewmul" verify --json strassen2.exp
has out '"ring": "f2", "format": "2x2x2", "rank": 7, "additions": 18, "exponent": 2.80735492206, "kind": "exp", "transposed": true, "inferred": ["format", "transposed", "ring"], "coefficients": {"count": 1, "values": ["1"]}}'
exits 1 "$fewmul" verify --ring z strassen2.exp
has out 'does not hold over z'
exits 1 "$fewmul" verify --transposed no strassen.exp
exits 1 "$fewmul" verify --format 2x2x3 strassen.exp
has out 'strassen.exp: 2x2x3, rank 7, does not hold over zt'
exits 2 "$fewmul" verify --format 1x2x2 strassen.exp
has err 'fewmul: strassen.exp: the factors are of sizes 2 x 2, 2 x 2 and 2 x 2, which are not those of 1x2x2'
exits 2 "$fewmul" verify --transposed maybe strassen.exp
exits 2 "$fewmul" verify --format 2x2 strassen.exp
exits 2 "$fewmul" verify --format 2x2x2 --tensor 2x2x2 strassen.exp

# What holds for no matrix product may be a product of structured matrices, which must be told: a
# scheme that lost a variable is not to pass for one.
cat >upper.coefficients <<'END'
1 1 0 0 0 0
0 0 1 1 0 0
0 0 0 0 1 1
#
1 0 0 0 0 0
0 1 0 0 0 0
0 0 1 0 1 0
0 0 0 1 0 1
#
1 0 1 0 0 0
0 1 0 1 0 0
0 0 0 0 1 0
0 0 0 0 0 1
END
exits 2 "$fewmul" verify upper.coefficients
has err 'sizes 3, 4 and 4, which are not those of a matrix product; the scheme holds for --tensor 2:upper*general'
exits 0 "$fewmul" verify --tensor 2:upper.general upper.coefficients
sed '1s/1/2/' upper.coefficients >wrong.coefficients
exits 2 "$fewmul" verify wrong.coefficients
has_line err 'fewmul: wrong.coefficients: the factors are of sizes 3, 4 and 4, which are not those of a matrix product'
sed '3s/+/-/' strassen.exp >wrong.exp
exits 1 "$fewmul" verify --ring z wrong.exp
has out 'inferred from exp: format, W for the transpose of C (--format or --tensor fixes it)'

# Folders: every file of a known kind below, in order; a triple of matrices once; a summary.
mkdir -p folder/below folder/.hidden
cp strassen.txt folder/a.txt
cp dropped.txt folder/below/b.txt
cp strassen.exp folder/c.exp
cp dropped.txt folder/.hidden
echo 'Nothing to be read.' >folder/README
echo '{"n": 3, "settings": [1, 2]}' >folder/settings.json
echo 1234 >folder/pid
echo 'In C17 the rank of a11 counts.' >folder/notes.txt
printf '(a11 + a22) * (b11 + b22) * (c11 + c22)\n' >folder/page.md
"$fewmul" convert --to sms strassen.txt >whole.sms
awk '/R$/ { n++ } { print > ("folder/x_" substr("LRP", n, 1) ".sms") }' whole.sms
exits 1 "$fewmul" verify --threads 3 folder
[ "$(cut -d: -f1 out | head -4)" = 'folder/a.txt
folder/below/b.txt
folder/c.exp
folder/x_L.sms' ] || fail "a folder: $(cat out)"
[ "$(tail -1 out)" = '4 files: 3 schemes hold, 1 does not, 0 could not be read' ] || fail "summary: $(tail -1 out)"
exits 1 "$fewmul" verify --json folder/ strassen.txt
[ "$(wc -l <out)" -eq 5 ] || fail "JSON has lines beside the verdicts: $(cat out)"
exits 1 "$fewmul" verify --quiet folder
[ "$(wc -l <out)" -eq 1 ] || fail "--quiet: $(cat out)"
exits 0 "$fewmul" verify folder/x_P.sms
has out 'folder/x_P.sms: 2x2x2, rank 7, holds over zt'
cat folder/x_*.sms | "$fewmul" verify - >out || fail "three matrices from standard input"
rm folder/x_R.sms
exits 2 "$fewmul" verify folder/x_P.sms
has err 'fewmul: folder/x_R.sms: No such file'
exits 2 "$fewmul" verify folder/x_P.sms folder/README strassen.txt
has err 'fewmul: folder/README: no kind of scheme file that is known'
has out '3 files: 1 scheme holds, 0 do not, 2 could not be read'

# Python source and notebooks: only what is a scheme counts, in a folder only tuples of arrays, and
# complex numbers are coefficients.
mkdir python
cat >python/find.py <<'END'
import numpy as np
identity = np.array([[1, 0], [0, 1]])
decomposition_111 = (np.array([[0.5+0.5j, 0. -0.5j]]), np.array([[1. -1.j, 0. +2.j]]),
    np.array([[1. +0.j, 0. +0.j]], dtype=np.complex64))
END
echo 'print(np.array([[1, 0], [0, 1]]))' >python/other.py
exits 0 "$fewmul" verify python
[ "$(head -1 out)" = 'python/find.py[decomposition_111]: 1x1x1, rank 2, holds over qi; 0 additions; inferred from python: format, W for C itself' ] ||
    fail "Python source: $(cat out)"
[ "$(tail -1 out)" = '1 file: 1 scheme holds, 0 do not, 0 could not be read' ] || fail "summary: $(tail -1 out)"
sed 's/2.j/2/' python/find.py >wrong.py
exits 0 "$fewmul" verify wrong.py # that product is multiplied by 0
sed 's/1. -1.j/1. +1.j/' python/find.py >wrong.py
exits 1 "$fewmul" verify wrong.py
has out 'does not hold over qi: a11 b11 in c11 should be 1 and is i'
printf 'PK\003\004[Content_Types].xml' >python/sheet.xlsx # nor are all archives NumPy's
exits 0 "$fewmul" verify --quiet python

# Many schemes in one file are verified at the same time, and the verdicts stay in order.
for i in 1 2 3 4 5 6 7 8; do cat strassen.txt dropped.txt; done >many.txt
exits 1 "$fewmul" verify --threads 4 many.txt
[ "$(cut -d: -f1 out)" = "$(for i in $(seq 0 15); do echo "many.txt[$i]"; done)" ] ||
    fail "many schemes: $(cat out)"

# What others published: each is of the rank and over the ring that its index says.
corpus=$source/../shared/corpus
if [ -r "$corpus/INDEX.tsv" ] && command -v python3 >/dev/null; then
    grep -P '^(json|exp|mathematica|maple)/[^\t]*\t\S+\t\d+\t(ZT|Z|Q|F2)\t' "$corpus/INDEX.tsv" | cut -f 1-4 >expected
    cut -f 1 expected | (cd "$corpus" && xargs -d '\n' "$fewmul" verify --json) >found ||
        fail "published schemes: $(grep -v '"valid": true' found)"
    python3 - <<'END'
import json
found = {}
for line in open("found"):
    scheme = json.loads(line)
    found[scheme["file"]] = scheme
for line in open("expected"):
    file, size, rank, ring = line.rstrip("\n").split("\t")
    scheme = found[file]
    assert (scheme["format"], scheme["rank"]) == (size, int(rank)), scheme
    assert scheme["ring"] == ring.lower(), (scheme, ring)
END
fi
