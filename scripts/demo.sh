#!/usr/bin/env bash
# The main job from end to end: search, verify, store, generate, check, measure.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
    cat <<'END'
usage: scripts/demo.sh [--no-install] [FOLDER]

Installs the packages, builds (build/), and then, in FOLDER (a new temporary folder when none is
given, which is kept):
  1. searches 2x2x2 and 3x3x3 over zt and 4x4x4 over f2, saves each find in a results store
  2. verifies every find exactly
  3. generates C kernels from the 2x2x2 and 3x3x3 schemes, compiles them, checks them against the
     classical product, and measures them beside OpenBLAS and BLIS
  4. prints what came out as a table

  --no-install  take the packages as they are
END
}

install=true folder=
for argument in "$@"; do
    case $argument in
    --no-install) install=false ;;
    -h | --help)
        usage
        exit 0
        ;;
    -*)
        echo "demo: unknown option '$argument'; see scripts/demo.sh --help" >&2
        exit 2
        ;;
    *) folder=$argument ;;
    esac
done

size=2048 # of the measured products
threads=$(nproc)
fewmul=$PWD/build/fewmul
check_source=$PWD/scripts/check_kernel.c

fail() {
    echo "demo: $*" >&2
    exit 1
}

# The value of a key in the last object of JSON lines that has it.
field() { # KEY FILE
    grep -oE "\"$1\": *(\"[^\"]*\"|[^],}]*)" "$2" | tail -n 1 | sed -E 's/^[^:]*: *"?//; s/"$//'
}

show() {
    printf '\n$ %s\n' "${*//"$fewmul"/fewmul}"
}

run() {
    show "$@"
    "$@"
}

# Searches until the target or the time is reached; the find must be at most the limit.
search() { # FORMAT RING TARGET SECONDS LIMIT
    local log=$folder/search-$1-$2.json rank path code=0
    local command=("$fewmul" search "$1" --ring "$2" --target "$3" --time "$4"
        --threads "$threads" --store "$store" --json)
    show "${command[@]}"
    "${command[@]}" >"$log" || code=$?
    [ $code -le 1 ] || fail "the search of $1 over $2 ended with code $code"
    rank=$(field rank "$log") path=$(field path "$log")
    [ "$rank" -le "$5" ] || fail "$1 over $2: only rank $rank in $4 s"
    echo "$1 over $2: rank $rank after $(field rank_seconds "$log") s, verified, saved as $path"
    found[$1]=$path finds+=("$path")
    searches+=("$(printf '%-8s %-5s %5s %8.2f  %s' "$1" "$2" "$rank" \
        "$(field rank_seconds "$log")" "$(basename "$path")")")
}

# GF/s in the benchmark's JSON, of the object that begins as said; - where there is none.
gflops() { # BEGINNING FILE
    local value
    value=$(grep -oiE "$1[^}]*\"gflops\": *[0-9.]+" "$2" | head -n 1 | sed 's/.*: *//') || true
    if [ -n "$value" ]; then
        printf '%.1f' "$value"
    else
        printf -- -
    fi
}

# The plan that was measured: the scheme, and how many levels of it the size is worth.
plan_name() { # FILE
    sed -nE 's/.*"plan": *\{"name": *"([^"]*)".*/\1/p' "$1"
}

# Compiles the kernel and compares it with the classical product.
check() { # FORMAT NAME THREADS [FLAG]
    run cc -O3 -march=native -fopenmp "${@:4}" "-DKERNEL=$2" "-DHEADER=\"$folder/$2.h\"" \
        "$check_source" "$folder/$2.c" -o "$folder/check-$1"
    run env OMP_NUM_THREADS="$3" "$folder/check-$1" ||
        fail "the kernel of $1 is wrong"
}

# Generates, compiles, checks and measures the kernel of a find.
kernel() { # FORMAT
    local name=matmul_$1 log=$folder/bench-$1.json
    run "$fewmul" gen "${found[$1]}" --type f64 --name "$name" -o "$folder/$name.c"
    check "$1" "$name" "$threads"
    # The scheme applied at every size, many levels deep: blocks too small for more than one thread.
    check "$1" "$name" 1 -DCROSSOVER=16
    local command=("$fewmul" bench gemm --type f64 --sizes "$size" --threads "$threads"
        --repeat 3 --scheme "${found[$1]}" --json)
    show "${command[@]}"
    "${command[@]}" | tee "$log"
    kernels+=("$(printf '%-20s %-10s %8s %9s %9s %9s' "$(plan_name "$log")" identical \
        "$(gflops '"plan": *\{' "$log")" "$(gflops '"classical": *\{' "$log")" \
        "$(gflops '"name": *"openblas' "$log")" "$(gflops '"name": *"blis' "$log")")")
}

if $install; then
    scripts/setup.sh build peers
fi
echo "demo: building in build/"
cmake --preset release >/dev/null
cmake --build --preset release -j "$threads"

folder=${folder:-$(mktemp -d /tmp/fewmul-demo.XXXXXX)}
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
store=$folder/store
declare -A found
start=$SECONDS

search 2x2x2 zt 7 30 7
search 3x3x3 zt 23 60 23
search 4x4x4 f2 47 30 49
run "$fewmul" verify "${finds[@]}"
kernel 2x2x2
kernel 3x3x3
run "$fewmul" results --store "$store"

printf '\nsearches, %d threads\n%-8s %-5s %5s %8s  %s\n' "$threads" format ring rank seconds \
    "verified and saved as"
printf '%s\n' "${searches[@]}"
printf '\nkernels, f64, %d x %d, %d threads; GF/s\n' $size $size "$threads"
printf '%-20s %-10s %8s %9s %9s %9s\n' plan check fewmul classical OpenBLAS BLIS
printf '%s\n' "${kernels[@]}"
echo "(0 levels: at this size the plan is the classical kernel; the check ran the scheme itself)"
printf '\n%d s after the build; everything is in %s\n' $((SECONDS - start)) "$folder"
