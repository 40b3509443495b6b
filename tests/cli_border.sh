#!/usr/bin/env bash
# Schemes with a parameter or with complex coefficients: verified, and nothing else.
set -eu
fewmul=$1
source=$2
. "$(dirname "$0")/shell_support.sh"

# The tensor aab + aba + baa has rank 3 and border rank 2: ((a + x b)^3 - a^3) / x.
cat >w.tensor <<'END'
shape 2 2 2
1 1 2 1
1 2 1 1
2 1 1 1
END
cat >w.coefficients <<'END'
1 1
x 0
#
1 1
x 0
#
xi -xi
1 0
END
exits 0 "$fewmul" verify --tensor ./w.tensor w.coefficients
[ "$(cat out)" = 'w.coefficients: w, rank 2, approximate (border rank) over q: the products are the tensor + O(x), error of degree 2; 3 additions' ] ||
    fail "border rank: $(cat out)"
exits 0 "$fewmul" verify --tensor ./w.tensor --json w.coefficients
has out '"valid": true, "ring": null, "format": "w", "rank": 2,'
has out '"border": true, "parameter": "x", "field": "q", "order": 0, "error_powers": [1, 2]}'
exits 0 "$fewmul" verify --tensor ./w.tensor --quiet w.coefficients
[ ! -s out ] || fail "--quiet: $(cat out)"

# Every sign counts.
for line in 1 2 4 5 7 8; do
    sed "${line}s/^/-/" w.coefficients >sign.coefficients
    exits 1 "$fewmul" verify --tensor ./w.tensor sign.coefficients
    has out 'does not hold over q, nor approximately in x: a'
done
exits 1 "$fewmul" verify --tensor ./w.tensor --json sign.coefficients
has out '"valid": false, "ring": null'

# It has no ring, no certificate, no kernel, and cannot be written or stored.
exits 2 "$fewmul" verify --tensor ./w.tensor --ring f2 w.coefficients
has err 'are not in f2'
exits 2 "$fewmul" verify --tensor ./w.tensor --certificate OUT w.coefficients
has err 'fewmul: w.coefficients: a certificate has rational coefficients only'
[ ! -e OUT ] || fail "a certificate of a scheme with a parameter"
echo '(a11+x*a11)*b11*c11' >scalar.exp
exits 0 "$fewmul" verify scalar.exp
for call in 'show' 'gen --target c --type f64 -o matmul.c' 'lift' \
    'derive permute --to 1x1x1 --store store' 'bench gemm --sizes 8 --scheme'; do
    # shellcheck disable=SC2086
    exits 2 "$fewmul" $call scalar.exp
    has err 'scalar.exp: polynomials in a parameter, which only verify and convert take'
done
[ ! -e matmul.c ] && [ ! -e store ] || fail "something was made of a scheme with a parameter"

# With a parameter and no error it holds.
printf '(1+eps)*a11*b11*c11/eps\n-a11*b11*c11/eps\n' >exact.exp
exits 0 "$fewmul" verify exact.exp
has out 'exact.exp: 1x1x1, rank 2, holds over q identically in eps: the products are the tensor;'
exits 0 "$fewmul" verify --json exact.exp
has out '"ring": "q"'
has out '"border": false, "parameter": "eps"'

# Complex coefficients.
echo '{{{{1 + I, 0}}, {{1/2 - I/2}, {0}}, {{1}}}, {{{0, I}}, {{0}, {-I}}, {{1}}}}' >complex.m
exits 0 "$fewmul" verify complex.m
[ "$(cat out)" = 'complex.m: 1x2x1, rank 2, holds over qi; 1 additions, exponent 3.000; inferred from mathematica: format, W for the transpose of C' ] ||
    fail "complex: $(cat out)"
exits 0 "$fewmul" verify --json complex.m
has out '"valid": true, "ring": "qi"'
sed 's/-I}/I}/' complex.m >wrong.m
exits 1 "$fewmul" verify wrong.m
has out 'does not hold over qi: a12 b21 in c11 should be 1 and is -1'
exits 2 "$fewmul" show complex.m
has err 'complex.m: complex coefficients, which only verify and convert take'

# Of a file with several, those with rational coefficients are ordinary schemes.
cat >several.json <<'END'
[{"n": [1, 1, 1], "m": 1, "u": [["I"]], "v": [["-I"]], "w": [[1]]},
 {"n": [1, 1, 1], "m": 1, "u": [["1/2"]], "v": [[2]], "w": [[1]]},
 {"n": [1, 1, 1], "m": 1, "u": [["(1+x)"]], "v": [[1]], "w": [[1]]}]
END
exits 0 "$fewmul" verify several.json
has_line out 'several.json[0]: 1x1x1, rank 1, holds over qi; 0 additions'
has_line out 'several.json[1]: 1x1x1, rank 1, holds over q; 0 additions, coefficients 1/2, 1, 2'
has_line out 'several.json[2]: 1x1x1, rank 1, approximate (border rank) over q: the products are the tensor + O(x), error of degree 1; 0 additions'

exits 2 "$fewmul" show several.json
has err 'several.json: scheme 0: complex coefficients, which only verify and convert take'
cat >several.py <<'END'
first = [np.array([[1.]]), np.array([[1.]]), np.array([[1.]])]
second = [np.array([[1.j]]), np.array([[-1.j]]), np.array([[1.]])]
END
exits 0 "$fewmul" verify several.py
exits 2 "$fewmul" show several.py
has err 'several.py: second: complex coefficients, which only verify and convert take'

# What convert writes reads back as the same scheme, or is refused; of several, rational ones too.
for scheme in scalar.exp exact.exp complex.m several.json several.py; do
    kinds='json text sms'
    case $scheme in several*) ;; *) kinds="$kinds exp equations mathematica maple coefficients" ;; esac
    exits 0 "$fewmul" convert --to json "$scheme" -o 1.json
    for kind in $kinds; do
        exits 0 "$fewmul" convert --to $kind "$scheme" -o 2.$kind
        exits 0 "$fewmul" convert --to json 2.$kind -o 3.json
        cmp 1.json 3.json || fail "$scheme as $kind: $(cat 2.$kind)"
    done
done
for kind in npz latex; do
    exits 2 "$fewmul" convert --to $kind complex.m -o 1.$kind
    has err 'complex.m: '
    has err 'rational coefficients only'
    [ ! -e 1.$kind ] || fail "complex coefficients as $kind"
done
sed '2s/"m"/"ring": "f3", "m"/' several.json >ring.json
exits 0 "$fewmul" verify ring.json
has out 'ring.json[1]: 1x1x1, rank 1, holds over f3;'
sed '1s/"m"/"ring": "f2", "m"/' several.json >ring.json
exits 2 "$fewmul" verify ring.json
has err 'are not in f2'

# Sparse matrices, in one file and in three.
cat >x.sms <<'END'
1 1 R
1 1 1/2+I/2
0 0 0
1 1 R
1 1 (1-I)*x
0 0 0
1 1 R
1 1 x^-1
0 0 0
END
exits 0 "$fewmul" verify x.sms
has out 'x.sms: 1x1x1, rank 1, holds over qi identically in x: the products are the tensor;'
awk '/R$/ { n++ } { print > ("x_" substr("LRP", n, 1) ".sms") }' x.sms
exits 0 "$fewmul" verify x_L.sms
has out 'holds over qi identically in x'
sed -i 's/-I/+I/' x_R.sms
exits 1 "$fewmul" verify x_L.sms

# Arrays of complex numbers: i, -i, 1.
one='\0\0\0\0\0\0\xf0\x3f' zero='\0\0\0\0\0\0\0\0' minus='\0\0\0\0\0\0\xf0\xbf'
header='{"descr": "<c16", "fortran_order": False, "shape": (3, 1, 1)}'
printf '\x93NUMPY\1\0\x3d\0%s' "$header" >complex.npy
printf "$zero$one$zero$minus$one$zero" >>complex.npy
exits 0 "$fewmul" verify complex.npy
has out 'complex.npy: 1x1x1, rank 1, holds over qi'
printf '\x93NUMPY\1\0\x3d\0%s' "$header" >wrong.npy
printf "$zero$one$zero$one$one$zero" >>wrong.npy
exits 1 "$fewmul" verify wrong.npy
has out 'wrong.npy: 1x1x1, rank 1, does not hold over qi: a11 b11 in c11 should be 1 and is -1'

# Among others.
strassen >strassen.txt
exits 1 "$fewmul" verify scalar.exp complex.m strassen.txt wrong.m
[ "$(tail -1 out)" = '4 files: 2 schemes hold, 1 approximately, 1 does not, 0 could not be read' ] ||
    fail "summary: $(tail -1 out)"

corpus=$source/../shared/corpus/coefficients/bini322-10-52-approx
if [ -r "$corpus" ]; then
    exits 0 "$fewmul" verify "$corpus"
    has out '3x2x2, rank 10, approximate (border rank) over q: the products are the tensor + O(x), error of degree 2'
fi
