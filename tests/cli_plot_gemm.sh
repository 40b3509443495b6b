#!/usr/bin/env bash
# scripts/plot_gemm.py: a picture of what bench gemm measured; bad files are refused.
set -eu
. "$2/tests/shell_support.sh"
plot=$2/scripts/plot_gemm.py
python3 -c 'import sys; sys.exit(sys.version_info < (3, 8))' 2>/dev/null || exit 77

head=type,threads,m,n,k,role,name,gflops,error,peak,machine
row() { # SIZE ROLE NAME GFLOPS ERROR [TYPE]
    echo "${6-f64},1,$1,$1,$1,$2,\"$3\",$4,$5,59.1,\"EPYC, <the> one\""
}
table() {
    echo $head
    for size in 512 256 1024; do
        row $size plan "2x2x2:7 fused, $size" 50 1e-15
        row $size classical classical 45 3e-16
        row $size peer "BLIS 0.9 zen3" 46 3e-16
    done
}

table >good.csv
exits 0 python3 "$plot" good.csv -o good.svg
python3 -c 'import sys, xml.dom.minidom as dom; dom.parse(sys.argv[1])' good.svg ||
    fail "good.svg is not well-formed"
for words in 'EPYC, &lt;the&gt; one, 1 thread' 'fewmul, by plan' 'fewmul, classical' \
    'BLIS 0.9 zen3' 'peak 59.1' '>512<' '2x2x2:7 fused, 1024: 50 GF/s' 'BLIS 0.9 zen3: 3e-16'; do
    has good.svg "$words"
done
[ "$(grep -c 'class="line"' good.svg)" -eq 9 ] || fail "not 3 curves twice, and 3 in the legend"
exits 0 python3 "$plot" good.csv
cmp -s out good.svg || fail "standard output is another picture"

# One size, and errors of 0 as small integers have them: no panel of errors.
{ echo $head; row 64 peer BLAS 20 0; } >one.csv
exits 0 python3 "$plot" one.csv
has out 'BLAS: 20 GF/s'
if grep -q 'largest error' out; then fail "errors of 0 on a logarithmic axis"; fi

refused() { # MESSAGE FILE...
    local message=$1
    shift
    exits 2 python3 "$plot" "$@" -o refused.svg
    has err "$message"
    [ ! -e refused.svg ] || fail "a picture of $*"
}
{ table; row 64 peer BLAS 20 1e-8 f32; } >types.csv
refused "more than one type" types.csv
{ table; row 64 peer BLAS nan 1e-8; } >nan.csv
refused "nan.csv:11: gflops: 'nan' is not a number" nan.csv
{ table; echo f64,1,64; } >cut.csv
refused "cut.csv:11: not a line" cut.csv
echo $head >empty.csv
refused "no measurements" empty.csv
echo a,b >other.csv
refused "other.csv:1: no table" other.csv
refused "missing.csv" missing.csv
