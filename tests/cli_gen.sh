# fewmul gen: what it writes compiles, multiplies, and appears whole or not at all.
fewmul=$1
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
compiler=${CC:-cc}
command -v ${compiler%% *} > /dev/null || exit 77

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

# Runs a call that must end with exit code 2 and a message that contains the second argument.
refused() {
    local expected=$1
    shift
    "$fewmul" "$@" > out 2> err
    [ $? -eq 2 ] || fail "not refused: fewmul $*"
    grep -q -- "$expected" err || fail "fewmul $*: the message is: $(cat err)"
    [ ! -s out ] || fail "fewmul $*: refused and printed something"
}

# Strassen 1969: U, V, and W for the transpose of C.
cat > strassen.txt << 'END'
2 2 2 7
1 0 0 1
0 0 1 1
1 0 0 0
0 0 0 1
1 1 0 0
-1 0 1 0
0 1 0 -1
1 0 0 1
1 0 0 0
0 1 0 -1
-1 0 1 0
0 0 0 1
1 1 0 0
0 0 1 1
1 0 0 1
0 1 0 -1
0 0 1 1
1 1 0 0
-1 0 1 0
0 0 0 1
1 0 0 0
END

"$fewmul" gen strassen.txt --type f32 --name my_product --crossover 20 -o product.c ||
    fail "gen -o product.c"
[ "$(ls | tr '\n' ' ')" = "product.c product.h strassen.txt " ] || fail "files: $(ls)"
cat > main.c << 'END'
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
$compiler -Wall -Wextra -Wpedantic -Werror -O2 main.c product.c -o main || fail "compiling product.c"
./main || fail "the product is wrong"

# Printed, it has no header of its own and the name says what it is; twice, it is the same.
"$fewmul" gen strassen.txt > printed.c || fail "gen to stdout"
"$fewmul" gen strassen.txt -o - | cmp -s - printed.c || fail "-o - is not the default"
grep -q '^void dgemm_2x2x2_7(' printed.c || fail "default name"
$compiler -Wall -Wextra -Wpedantic -Werror -O2 -c printed.c -o printed.o || fail "compiling printed.c"
"$fewmul" gen --help | grep -q -- '  -o, --output FILE.c ' || fail "-o in the help"

refused "there is: c" gen strassen.txt --target avx2
refused "f64, f32" gen strassen.txt --type f16
refused "end in .c" gen strassen.txt -o product
refused "end in .c" gen strassen.txt -o .c
refused "name of a C function" gen strassen.txt --name 2x
refused "used inside" gen strassen.txt --name part
refused "missing" gen missing.txt
refused "no/such" gen strassen.txt -o no/such/folder.c
refused "needs an argument" gen strassen.txt -o
refused "unknown option" gen strassen.txt --o out.c
refused "unknown option" gen strassen.txt -name f

# A scheme that does not hold: no is the answer, and nothing is replaced.
sed '$s/1/-1/' strassen.txt > wrong.txt
cp product.c before.c
"$fewmul" gen wrong.txt -o product.c 2> err
[ $? -eq 1 ] || fail "a wrong scheme was not refused"
grep -q "does not hold" err || fail "message on a wrong scheme: $(cat err)"
cmp -s product.c before.c || fail "product.c was replaced"
ls | grep -q '\.c\.\|\.h\.' && fail "temporary files are left: $(ls)"
exit 0
