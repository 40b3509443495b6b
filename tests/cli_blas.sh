# shellcheck shell=bash
# libfewmul_blas.so before another BLAS: an unchanged program gets its products from it, and all else
# from the BLAS underneath; NumPy too, where it is there.
fewmul=$1 tree=$2
source "$(dirname "$0")/shell_support.sh"
library=$(dirname "$fewmul")/libfewmul_blas.so
compiler=${CC:-cc}
[ -e "$library" ] || exit 77
# A library with sanitizers cannot be loaded into a program without.
if nm -D "$library" | grep -qE '__(asan|tsan|ubsan)_'; then exit 77; fi
command -v "${compiler%% *}" >/dev/null || exit 77
$compiler -o program "$tree/tests/blas/program.c" -lblas 2>errors || exit 77 # no BLAS to build with
./program >/dev/null || exit 77 # or one without the C interface
export XDG_CACHE_HOME=$folder/cache

preloaded() { LD_PRELOAD=$library LD_DEBUG=bindings LD_DEBUG_OUTPUT=$folder/bindings "$@"; }

exits 0 env LD_PRELOAD="$library" ./program
has out right

# Who serves what.
rm -f bindings*
preloaded ./program >out || fail "$(cat out)"
for name in dgemm_ sgemm_ cblas_dgemm; do
    matches bindings* "file ./program .* to .*libfewmul_blas.so.*: normal symbol .$name'"
done
matches bindings* "file ./program .* to .*blas.*: normal symbol .ddot_'"
if grep -q "to .*libfewmul_blas.so.*symbol .ddot_'" bindings*; then fail "ddot_ is not ours"; fi

# Wrong arguments are reported by the BLAS underneath, as ever.
env LD_PRELOAD="$library" ./program wrong >out 2>&1
grep -qi 'dgemm.*parameter' out || fail "no report of a wrong leading dimension: $(cat out)"

# Threads give the same.
exits 0 env LD_PRELOAD="$library" OMP_NUM_THREADS=3 ./program
has out right

python=/usr/bin/python3
$python -c 'import numpy' 2>/dev/null || exit 0
cat >product.py <<'END'
import numpy
rng = numpy.random.default_rng(1)
for dtype in (numpy.float64, numpy.float32):
    a = rng.integers(-4, 5, (300, 401)).astype(dtype)
    b = rng.integers(-4, 5, (401, 250)).astype(dtype)
    exact = a.astype(numpy.int64) @ b.astype(numpy.int64)
    assert (a @ b == exact).all() and (b.T @ a.T == exact.T).all()
print("right")
END
rm -f bindings*
preloaded $python product.py >out || fail "NumPy: $(cat out)"
has out right
matches bindings* "to .*libfewmul_blas.so.*: normal symbol .cblas_dgemm'"
