# shellcheck shell=bash
# fewmul gen: what it writes compiles, multiplies, and appears whole or not at all.
fewmul=$1
source "$(dirname "$0")/shell_support.sh"
compiler=${CC:-cc}
command -v "${compiler%% *}" >/dev/null || exit 77
strict="-Wall -Wextra -Wpedantic -Werror -O2"

# A call that must end with exit code 2, this message, and nothing on stdout.
refused() {
    local message=$1
    shift
    exits 2 "$fewmul" "$@"
    has err "$message"
    [ ! -s out ] || fail "fewmul $*: refused and printed something"
}

strassen >strassen.txt
exits 0 "$fewmul" gen strassen.txt --type f32 --name my_product --crossover 20 -o product.c
[ "$(echo *)" = "err out product.c product.h strassen.txt" ] || fail "files: $(echo *)"
cat >main.c <<'END'
#include "product.h"

int main(void)
{
    static float a[100 * 90], b[90 * 110], c[100 * 110];
    for (int i = 0; i < 100 * 90; i++)
        a[i] = (float)(i % 7 - 3);
    for (int i = 0; i < 90 * 110; i++)
        b[i] = (float)(i % 5 - 2);
    my_product(100, 110, 90, 2, a, 90, b, 110, 0, c, 110);
    for (int i = 0; i < 100; i++)
        for (int j = 0; j < 110; j++) {
            float sum = 0;
            for (int p = 0; p < 90; p++)
                sum += a[i * 90 + p] * b[p * 110 + j];
            if (c[i * 110 + j] != 2 * sum)
                return 1;
        }
    return my_product_levels(100, 110, 90) != 2;
}
END
$compiler $strict main.c product.c -o main || fail "compiling product.c"
./main || fail "the product is wrong"

# The file may have the name of the function, and its header too.
exits 0 "$fewmul" gen strassen.txt --name my_gemm -o my_gemm.c
$compiler $strict -c my_gemm.c -o my_gemm.o || fail "compiling my_gemm.c"

# Printed, it has no header of its own and the name says what it is; twice, it is the same.
exits 0 "$fewmul" gen strassen.txt
cp out printed.c
exits 0 "$fewmul" gen strassen.txt -o -
cmp -s out printed.c || fail "-o - is not the default"
matches printed.c '^void dgemm_2x2x2_7\('
$compiler $strict -c printed.c -o printed.o || fail "compiling printed.c"
exits 0 "$fewmul" gen --help
has out '  -o, --output FILE.c'

# For one instruction set, or for several, chosen at run time.
for target in c avx2 avx512 avx2,c; do
    exits 0 "$fewmul" gen strassen.txt --target "$target" --type f32
    cp out target.c
    $compiler $strict -c target.c -o target.o || fail "compiling for $target"
done

refused "there is no 'cuda'" gen strassen.txt --target cuda
refused "there is no ''" gen strassen.txt --target avx2,
refused "f64, f32" gen strassen.txt --type f16
refused "end in .c" gen strassen.txt -o product
refused "end in .c" gen strassen.txt -o .c
refused "name of a C function" gen strassen.txt --name 2x
refused "used inside" gen strassen.txt --name least
refused "missing" gen missing.txt
refused "no/such" gen strassen.txt -o no/such/folder.c
refused "needs an argument" gen strassen.txt -o
refused "unknown option" gen strassen.txt --o out.c
refused "unknown option" gen strassen.txt -name f

# A scheme that does not hold: no is the answer, and nothing is replaced.
sed '$s/1/-1/' strassen.txt >wrong.txt
cp product.c before.c
exits 1 "$fewmul" gen wrong.txt -o product.c
has err "does not hold"
cmp -s product.c before.c || fail "product.c was replaced"
[ -z "$(compgen -G '*.tmp*')" ] || fail "temporary files are left: $(echo *)"

# Two schemes in a file: which one is not said.
exits 0 "$fewmul" convert strassen.txt --to json -o one.json
{ echo "["; cat one.json; echo ","; cat one.json; echo "]"; } >two.json
exits 2 "$fewmul" gen two.json
has err "2 schemes"
