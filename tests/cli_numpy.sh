#!/usr/bin/env bash
# NumPy files: what NumPy writes is read, NumPy reads what is written, archives name their verdicts.
set -eu
fewmul=$1
source=$2
. "$(dirname "$0")/shell_support.sh"

strassen >strassen.txt
"$fewmul" show strassen.txt >expected

# An archive of one scheme reads back, from a file and from standard input.
exits 0 "$fewmul" convert --to npz strassen.txt -o strassen.npz
exits 0 "$fewmul" convert --to text strassen.npz
cmp -s out strassen.txt || fail "not what was written: $(cat out)"
exits 0 "$fewmul" verify - <strassen.npz
has out 'standard input: 2x2x2, rank 7, holds over zt'

# Several schemes, each with its name; one that does not hold is found.
sed '8s/.*/0 1 0 1/' strassen.txt | cat strassen.txt - >two.txt
exits 0 "$fewmul" convert --to npz two.txt -o two.npz
exits 1 "$fewmul" verify --ring zt two.npz
has out 'two.npz[0]: 2x2x2, rank 7, holds over zt'
has out 'two.npz[1]: 2x2x2, rank 7, does not hold over zt'
exits 1 "$fewmul" verify --json two.npz
has out '"index": 1, "entry": "1", "valid": false, "ring": "f2"'

# What NumPy's numbers do not hold stays where it is.
sed -e '2s/.*/1\/3 0 0 1\/3/' -e '9s/.*/3 0 0 3/' strassen.txt >thirds.txt
exits 0 "$fewmul" verify thirds.txt
exits 2 "$fewmul" convert --to npz thirds.txt -o thirds.npz
has err 'thirds.txt: a coefficient of product 0 in U is no number that'
[ ! -e thirds.npz ] || fail "a refused conversion left a file"

# No pickle runs.
printf '\x93NUMPY\1\0\x36\0{"descr": "|O", "fortran_order": False, "shape": (3,)}' >evil.npy
printf '\x80\3cos\nsystem\nX\x0c\0\0\0touch harmed\x85R.' >>evil.npy
exits 2 "$fewmul" verify evil.npy
has err 'the pickle names os.system'
[ ! -e harmed ] || fail "a pickle ran"

corpus=$source/../shared/corpus
if [ -r "$corpus/npz/alphatensor_factorizations_f2.npz" ]; then
    exits 0 "$fewmul" verify "$corpus/npz/alphatensor_factorizations_f2.npz"
    [ "$(wc -l <out)" -eq 20 ] || fail "entries: $(cat out)"
    has out '_f2.npz[4,4,4]: 4x4x4, rank 47, holds over f2'
fi

# The upper triangle of A times its transpose, which the array does not show.
structured=$corpus/npy/gt-333-rank17-rec-0-0-0-z.npy
if [ -r "$structured" ]; then
    {
        echo 'shape 9 9 6'
        c=0
        for i in 0 3 6; do
            for j in 0 3 6; do
                [ "$j" -ge "$i" ] || continue
                c=$((c + 1))
                for k in 1 2 3; do echo "$((i + k)) $((j + k)) $c 1"; done
            done
        done
    } >gram.tensor
    exits 0 "$fewmul" verify --tensor ./gram.tensor "$structured"
    has out 'rank 17, holds over z'
    exits 0 "$fewmul" verify "$structured"
    has out '3:general*transpose, rank 17, holds over z'
    exits 1 "$fewmul" verify --transposed no "$structured"
    exits 2 "$fewmul" verify --format 3x3x3 "$structured"
    has err '408 numbers in a row are no U, V and W of 3x3x3'
fi

# NumPy itself, where it is installed.
python=
for candidate in python3 /usr/bin/python3; do
    "$candidate" -c 'import numpy' 2>/dev/null && python=$candidate
done
[ -n "$python" ] || exit 0
"$python" - <<'END'
import numpy as np

def holds(u, v, w, size):
    n, m, p = size
    t = np.einsum("ri,rj,rk->ijk", u, v, w)
    expected = np.zeros_like(t)
    for i in range(n):
        for j in range(m):
            for k in range(p):
                expected[i * m + j, j * p + k, k * n + i] = 1
    return np.array_equal(t, expected)

one = np.load("strassen.npz")
assert sorted(one) == ["U", "V", "W", "format", "ring", "w_order"], sorted(one)
assert all(one[x].dtype == np.int64 and one[x].shape == (7, 4) for x in "UVW")
assert str(one["ring"]) == "zt" and str(one["w_order"]) == "transposed"
assert holds(one["U"], one["V"], one["W"], one["format"])
two = np.load("two.npz")
assert holds(two["0/U"], two["0/V"], two["0/W"], two["0/format"])
assert not holds(two["1/U"], two["1/V"], two["1/W"], two["1/format"])

u, v, w = (one[x].T for x in "UVW")
np.save("stacked.npy", np.array([u, v, w], dtype=np.int32))
np.save("fortran.npy", np.asfortranarray(np.array([u, v, w], dtype=">f8")))
objects = np.empty(3, dtype=object)
objects[:] = [u, np.asfortranarray(v), w.astype(">i2")]
np.save("objects.npy", objects, allow_pickle=True)
np.savez("parts.npz", u=u, v=v, w=w)
np.savez_compressed("entries.npz", **{"2,2,2": objects, "other": np.array([u, v, w]) / 2 * 2})
halves = np.array([u / 2, v * 2.0, w])
np.save("halves.npy", halves)
halves[0, 0, 0] = np.nan
np.save("nan.npy", halves)
objects[2] = "text"
np.save("text.npy", objects, allow_pickle=True)
END
for file in stacked.npy fortran.npy objects.npy parts.npz; do
    exits 0 "$fewmul" convert --to text "$file"
    cmp -s out strassen.txt || fail "$file is not what NumPy saved: $(cat out)"
done
exits 0 "$fewmul" verify entries.npz
has out 'entries.npz[2,2,2]: 2x2x2, rank 7, holds over zt'
has out 'entries.npz[other]: 2x2x2, rank 7, holds over zt'
exits 0 "$fewmul" verify halves.npy
has out 'holds over q'
exits 0 "$fewmul" convert --to npz halves.npy -o halves.npz
exits 0 "$fewmul" verify halves.npz
has out 'holds over q'
exits 2 "$fewmul" verify nan.npy
has err 'nan.npy: coefficient 0 of product 0 in U is no finite number'
exits 2 "$fewmul" verify text.npy
has err 'text.npy: object array:'
