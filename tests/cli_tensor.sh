#!/usr/bin/env bash
# fewmul tensor, and the names of tensors wherever a command takes one.
set -eu
fewmul=$1
. "$(dirname "$0")/shell_support.sh"

# The text reads back as the same tensor.
exits 0 "$fewmul" tensor poly:2x2
printf '# poly:2x2\nshape 2 2 3\n1 1 1 1\n1 2 2 1\n2 1 2 1\n2 2 3 1\n' | cmp - out || fail "poly:2x2"
exits 0 "$fewmul" tensor '3:general*transpose' -o gram.tns
[ ! -s out ] || fail "output beside -o: $(cat out)"
exits 0 "$fewmul" tensor gram.tns
tail -n +2 gram.tns >entries
tail -n +2 out | cmp - entries || fail "the tensor changed on its way through a file"
exits 0 "$fewmul" tensor --json 3:general.transpose
has_line out '{"kind": "tensor", "name": "3:general*transpose", "shape": [9, 9, 6], "entries": 18, "ranks": {"zt": null, "z": 17, "q": 17, "f2": 17}}'
exits 0 "$fewmul" tensor --json 4x4x4 -o product.tns
has out '"ranks": {"zt": 49, "z": 49, "q": 48, "f2": 47}'
[ -s product.tns ] || fail "no product.tns"

# The list.
exits 0 "$fewmul" tensor --list
matches out '^  poly:MxN +the product of two polynomials'
matches out '^  skew\+diagonal +a_ji = -a_ij'
matches out '^  3:general\*transpose +- +17 +17 +17$'
matches out '^  quaternion:1x1x1 +- +- +8 +-$'
exits 0 "$fewmul" tensor --list --json
has out '{"kind": "structure", "name": "upper", "meaning": "upper triangular'
has_line out '{"kind": "published", "name": "3:skew*general", "ranks": {"zt": 15, "z": 15, "q": 14, "f2": 15}}'
grep -vq '^{' out && fail "--json prints something else too: $(cat out)"

# A search by name, its find against the tensor's file and its name, and beside what is published.
exits 0 "$fewmul" search 4x4x1:skew.general --ring zt --target 9 --threads 1 --seed 1 --store store
has out '4x4x1:skew*general over zt: rank 9'
exits 0 "$fewmul" tensor 4x4x1:skew.general -o skew.tns
find=$(find store -path '*/rank9/*.json' | head -n 1)
for tensor in 4x4x1:skew.general skew.tns; do
    exits 0 "$fewmul" verify --tensor $tensor "$find"
    has out 'rank 9, holds over zt'
done
sed '$s/1$/2/' skew.tns >other.tns
exits 1 "$fewmul" verify --tensor other.tns "$find"
exits 2 "$fewmul" verify --tensor 4x4x1:symmetric.general "$find"
exits 0 "$fewmul" results store
matches out '^4x4x1:skew\*general +zt +9 +[0-9]+ +9 +reached$'
exits 0 "$fewmul" bench flips 3:upper.general --ring f2 --seconds 0.05 --threads 1 --json
has out '"format": "3:upper*general"'

# A file wins over a name, a folder does not.
mkdir 2x2x2
exits 0 "$fewmul" tensor 2x2x2 --json
has out '"name": "2x2x2"'
printf 'shape 1 1 1\n1 1 1 5\n' >complex
exits 0 "$fewmul" tensor complex
has_line out '1 1 1 5'

# Wrong calls.
exits 2 "$fewmul" tensor
has err "'fewmul tensor --list' explains the names"
exits 2 "$fewmul" tensor --list 2x2x2
exits 2 "$fewmul" tensor --list -o list
exits 2 "$fewmul" tensor 3:upper.genral
has err "'genral' is no structure; there are general, upper"
exits 2 "$fewmul" tensor absent/file.tns
has err 'fewmul: absent/file.tns: No such file'
exits 2 "$fewmul" tensor 2x2x2 -o absent/out.tns

# A file that does not say what it is a scheme of: what is no matrix product may be a named tensor.
cat >karatsuba.sms <<'END'
3 2 R
1 1 1
2 2 1
3 1 1
3 2 1
0 0 0
3 2 R
1 1 1
2 2 1
3 1 1
3 2 1
0 0 0
3 3 R
1 1 1
2 1 -1
2 2 -1
2 3 1
3 2 1
0 0 0
END
exits 0 "$fewmul" verify karatsuba.sms
has out 'karatsuba.sms: poly:2x2, rank 3, holds over zt; '
has out '; inferred from sms: format'
sed '15s/-1/1/' karatsuba.sms >wrong.sms
exits 1 "$fewmul" verify --ring zt wrong.sms
has out 'wrong.sms: poly:2x2, rank 3, does not hold over zt: a1 b1 in c2 should be 0 and is 2'
exits 2 "$fewmul" verify --format 2x2x2 karatsuba.sms
printf 'a1*b1*c1\na2*b2*c3\n(a1+a2)*(b1+b2)*c2\n-a1*b1*c2\n-a2*b2*c2\n' >numbers.exp
exits 0 "$fewmul" verify numbers.exp
has out 'numbers.exp: poly:2x2, rank 5, holds over zt'
