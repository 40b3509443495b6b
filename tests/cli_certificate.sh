#!/usr/bin/env bash
# fewmul verify --certificate, and the checker that shares no code with it.
set -eu
fewmul=$1
source=$2
. "$(dirname "$0")/shell_support.sh"

strassen >strassen.txt
sed '8s/.*/0 1 0 1/' strassen.txt >sign.txt
sed -e '1s/7/6/' -e '4d' -e '11d' -e '18d' strassen.txt >dropped.txt

# A line a scheme, in order; nothing in it depends on the file, and its hash is the store's.
exits 0 "$fewmul" verify --certificate strassen.certificate strassen.txt
[ "$(wc -l <strassen.certificate)" -eq 1 ] || fail "lines: $(cat strassen.certificate)"
has strassen.certificate '{"certificate": 1, "tensor": {"name": "2x2x2", "format": [2, 2, 2]}, "ring": "zt", "rank": 7, "valid": true, "hash": "7de773e59cb071f214fb31f81bb17741'
awk 'NR == 1; NR > 1 { row[NR - 2] = $0 }
    END { for (b = 0; b < 3; b++) for (r = 6; r >= 0; r--) print row[7 * b + r] }' strassen.txt >reversed.txt
exits 0 "$fewmul" verify --certificate reversed.certificate reversed.txt
cmp strassen.certificate reversed.certificate || fail "the order of products shows"
exits 1 "$fewmul" verify --json --certificate three.certificate strassen.txt sign.txt dropped.txt
[ "$(wc -l <three.certificate)" -eq 3 ] || fail "lines: $(cat three.certificate)"
head -1 three.certificate | cmp - strassen.certificate || fail "the first of three"

# Whole or not at all.
cp strassen.certificate kept
exits 2 "$fewmul" verify --certificate kept strassen.txt absent.txt
cmp kept strassen.certificate || fail "a certificate was replaced though a file could not be read"
exits 2 "$fewmul" verify --certificate absent/OUT strassen.txt
[ "$(ls kept*)" = kept ] || fail "a temporary file is left: $(ls kept*)"

command -v python3 >/dev/null || exit 77
check=$source/scripts/check_certificate.py

# Right ones of every ring, and of a tensor that is no matrix product.
exits 0 python3 "$check" strassen.certificate
has_line out 'strassen.certificate:1: right: 2x2x2, rank 7, holds over zt'
exits 0 python3 "$check" - <strassen.certificate
exits 1 python3 "$check" three.certificate
has_line out 'three.certificate:2: right: 2x2x2, rank 7, does not hold over zt'
has_line out 'three.certificate:3: right: 2x2x2, rank 6, does not hold over zt'
for ring in z q f2 f3 f101; do
    exits 0 "$fewmul" verify --ring $ring --certificate ring.certificate strassen.txt
    exits 0 python3 "$check" ring.certificate
    has out "holds over $ring"
    exits 1 "$fewmul" verify --ring $ring --certificate ring.certificate dropped.txt
    exits 1 python3 "$check" ring.certificate
    has_line out "ring.certificate:1: right: 2x2x2, rank 6, does not hold over $ring"
done
large=$(printf '7%.0s' $(seq 5000))
cat >large.txt <<END
1 1 1 2
1/$large
1/3
$large
-3
2
1
END
exits 0 "$fewmul" verify --certificate large.certificate large.txt
exits 0 python3 "$check" large.certificate
has_line out 'large.certificate:1: right: 1x1x1, rank 2, holds over q'
cat >small.tensor <<'END'
shape 1 2 2
1 1 2 -3
1 2 1 100000000000000000000
END
cat >small.coefficients <<'END'
1 1
#
-1 0
0 1
#
0 100000000000000000000
3 0
END
exits 0 "$fewmul" verify --tensor ./small.tensor --certificate small.certificate small.coefficients
exits 0 python3 "$check" small.certificate
has out 'the 2 entries given, rank 2, holds over z'

# Each tampering is refused: tampered CODE WHAT FROM TO
tampered() {
    sed "s/$3/$4/" strassen.certificate >tampered.certificate
    ! cmp -s strassen.certificate tampered.certificate || fail "nothing tampered with: $2"
    exits "$1" python3 "$check" tampered.certificate
    [ "$1" -ne 1 ] || has out "tampered.certificate:1: WRONG: $2"
}
tampered 1 'at [' '\[2, -1\]' '[2, 1]'
tampered 1 'a coefficient 2' '\[2, -1\]' '[2, 2]'
tampered 1 'a factor matrix has 7 rows, and the rank is 6' '"rank": 7' '"rank": 6'
tampered 1 'the scheme holds' '"valid": true' '"valid": false'
tampered 1 'the hash' '"hash": "7' '"hash": "8'
tampered 1 'the hash' '"ring": "zt"' '"ring": "z"'
tampered 1 'a coefficient -1' '"ring": "zt"' '"ring": "f2"'
tampered 1 'the tensor has two meanings' '"format": \[2, 2, 2\]' '"format": [2, 2, 3]'
tampered 1 'a row has an index' '\[0, 1\], \[1, 1\]' '[0, 1], [0, 1]'
tampered 1 'a row has an index' '\[\[3, 1\]\]' '[[4, 1]]'
tampered 2 'no certificate' '"u"' '"x"'
tampered 2 'no certificate' '"certificate": 1' '"certificate": 2'
tampered 2 'no certificate' '"ring": "zt"' '"ring": "f1"'
tampered 2 'no certificate' '}$' ''
sed 's/"valid": false, "fails": {[^}]*}/"valid": true/' three.certificate >tampered.certificate
exits 1 python3 "$check" tampered.certificate
has out 'tampered.certificate:3: WRONG: at [0, 1, 1] the products should be 1 and are 0'
sed 's/"actual": "0"/"actual": "2"/' three.certificate >tampered.certificate
exits 1 python3 "$check" tampered.certificate
has out 'tampered.certificate:3: WRONG: at [0, 1, 1] the products should be 1 and are 0'

# What others published.
corpus=$source/../shared/corpus
if [ -r "$corpus/INDEX.tsv" ]; then
    (cd "$corpus" && "$fewmul" verify --quiet --certificate "$folder/corpus.certificate" json exp maple)
    exits 0 python3 "$check" corpus.certificate
fi
