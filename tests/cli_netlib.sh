# shellcheck shell=bash
# netlib's test programs for the level 3 BLAS (Debian's libblas-test), before which libfewmul_blas.so
# serves all products, however small: dgemm and sgemm, in Fortran and in C, pass.
fewmul=$1
source "$(dirname "$0")/shell_support.sh"
library=$(dirname "$fewmul")/libfewmul_blas.so
[ -e "$library" ] || exit 77
# A library with sanitizers cannot be loaded into a program without.
if nm -D "$library" | grep -qE '__(asan|tsan|ubsan)_'; then exit 77; fi
programs=
for candidate in /usr/lib/*/blas; do
    [ -x "$candidate/xdcblat3" ] && programs=$candidate
done
[ -n "$programs" ] || exit 77

# Runs a program, whose products of this name must be ours. The programs in C want the reference BLAS
# underneath, whose error handler they replace.
ours() {
    local name=$1
    shift
    rm -f bindings*
    env LD_PRELOAD="$library" LD_LIBRARY_PATH="$programs" FEWMUL_BLAS_LEAST=0 \
        LD_DEBUG=bindings LD_DEBUG_OUTPUT="$folder/bindings" "$@" >out || fail "$*: failed"
    grep -q "file $programs/.* to .*libfewmul_blas.so .*: normal symbol .$name'" bindings* ||
        fail "$name is not ours in $1"
}

# Sizes around those of tiles, instead of those of the package; products alone.
for letter in d s; do
    sed -e 's/^0 1 2 3 5 9 /0 1 2 7 33 65 /' -e '/^[DS]GEMM/!s/^\([DS][A-Z0-9]* *\)T/\1F/' \
        "$programs/${letter}blat3.in" >input
    ours "${letter}gemm_" "$programs/xblat3$letter" <input
    matches "${letter}blat3.out" "GEMM +PASSED THE TESTS OF ERROR-EXITS"
    matches "${letter}blat3.out" "GEMM +PASSED THE COMPUTATIONAL TESTS"
    if grep -i FAIL "${letter}blat3.out"; then fail "xblat3$letter"; fi
    ours "cblas_${letter}gemm" "$programs/x${letter}cblat3" <"$programs/${letter}in3"
    matches out "cblas_${letter}gemm +PASSED THE TESTS OF ERROR-EXITS"
    matches out "cblas_${letter}gemm +PASSED THE COLUMN-MAJOR COMPUTATIONAL TESTS"
    matches out "cblas_${letter}gemm +PASSED THE ROW-MAJOR +COMPUTATIONAL TESTS"
    if grep -i FAIL out; then fail "x${letter}cblat3"; fi
done
