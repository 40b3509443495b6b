# shellcheck shell=bash
# fewmul bench gemm: the shape of its output, and what it refuses. No times.
fewmul=$1
source "$(dirname "$0")/shell_support.sh"
compiler=${CC:-cc}
command -v "${compiler%% *}" >/dev/null || exit 77
export TMPDIR=$folder
# LeakSanitizer stumbles over the threads of libraries that were loaded at run time.
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0

export XDG_CACHE_HOME=$folder/cache
strassen >strassen.txt
exits 0 "$fewmul" bench gemm --sizes 40,20x30x50 --repeat 1 --type f32 --crossover 8 --json \
    --scheme strassen.txt
matches out '^\{"results": \[\{"size": 40, .*"plan": \{"name": "classical", "gflops": '
if command -v python3 >/dev/null; then
    python3 - out <<'END' || fail "the JSON is not as agreed: $(cat out)"
import json, sys
whole = json.load(open(sys.argv[1]))
assert whole["type"] == "f32" and whole["threads"] == 1
assert whole["peak"] > 0 and whole["machine"] != ""
results = whole["results"]
assert [r["size"] for r in results] == [40, "20x30x50"]
assert [[r["m"], r["n"], r["k"]] for r in results] == [[40, 40, 40], [20, 30, 50]]
for r in results:
    everyone = [r["plan"], r["classical"]] + r["schemes"] + r["peers"]
    assert len(r["schemes"]) == 1
    for measure in everyone:
        assert set(measure) == {"name", "gflops", "error"} and measure["gflops"] > 0, measure
        assert 0 < measure["error"] < 1e-4, measure
    assert r["plan"]["name"] == "classical" # too small for anything else
    assert r["classical"]["name"] == "classical"
    assert r["schemes"][0]["name"].startswith("2x2x2:7, ")
assert results[0]["schemes"][0]["name"] == "2x2x2:7, 2 levels"
END
fi

# The same as a table, which is drawn by scripts/plot_gemm.py.
exits 0 "$fewmul" bench gemm --sizes 40,20x30x50 --repeat 1 --csv table.csv
[ "$(head -n 1 table.csv)" = type,threads,m,n,k,role,name,gflops,error,peak,machine ] ||
    fail "the table begins with: $(head -n 1 table.csv)"
matches table.csv '^f64,1,20,30,50,plan,"classical",[0-9.e+]+,[0-9.e-]+,[0-9.e+]+,".+"$'
matches table.csv '^f64,1,40,40,40,classical,"classical",'
if python3 -c 'import sys; sys.exit(sys.version_info < (3, 8))' 2>/dev/null; then
    exits 0 python3 "$2/scripts/plot_gemm.py" table.csv -o table.svg
fi
exits 2 "$fewmul" bench gemm --sizes 40 --repeat 1 --csv no/such/table.csv
has err "no/such"

exits 0 "$fewmul" bench gemm --sizes 30 --repeat 2 --threads 2 --scheme strassen.txt \
    --scheme strassen.txt
[ "$(grep -c '2x2x2:7' out)" -eq 2 ] || fail "two schemes were given: $(cat out)"
has out "classical"
# Plans of given and built-in schemes, in any order of levels.
halves >halves.txt
exits 0 "$fewmul" bench gemm --sizes 31x47x53 --repeat 1 --json --scheme halves.txt --peer none \
    --plan "2x2x2:7 slots, 2x3x2:11 fused" --plan "2x2x3:11 fused, 2x2x2:7 fused, 2x2x2:7 slots"
if command -v python3 >/dev/null; then
    python3 - out <<'END' || fail "not these plans: $(cat out)"
import json, re, sys
first, second = json.load(open(sys.argv[1]))["results"][0]["plans"]
assert re.fullmatch("2x2x2:7/(....) slots, 2x3x2:11/.... fused", first["name"]), first
assert re.fullmatch("2x2x3:11/.... fused, (2x2x2:7/....) fused, \\1 slots", second["name"]), second
assert first["name"][:12] in second["name"]
assert 0 < first["error"] < 1e-14 and 0 < second["error"] < 1e-14
END
fi
refused_plan() {
    exits 2 "$fewmul" bench gemm --sizes 10 --plan "$1"
    has err "is not a list such as"
}
refused_plan "9x9x9 fused"
refused_plan "2x2x2:7"
refused_plan "2x2x2:7 fused,"
exits 1 "$fewmul" bench gemm --sizes 10 --scheme <(sed '$s/1/-1/' strassen.txt)
has err "does not hold"

# Without generated kernels no compiler is needed.
exits 0 env CC=/no/such/compiler "$fewmul" bench gemm --sizes 10 --repeat 1 --cpu-time
[ -z "$(compgen -G 'fewmul*')" ] || fail "temporary files are left: $(echo *)"

# Exact types are exact.
for type in i32 i64 "zp --modulus 65521" "zp --modulus 4294967291" \
    "zp --modulus 9223372036854775783"; do
    # shellcheck disable=SC2086
    exits 0 "$fewmul" bench gemm --sizes 20x30x50 --repeat 1 --json --type $type
    [ "$(grep -o '"error": 0\.0' out | wc -l)" -eq 3 ] || fail "$type: $(cat out)"
done

refused() {
    local message=$1
    shift
    exits 2 "$@"
    matches err "$message"
}
for sizes in "" 0 -1 x 12x 12x13 1x2x3x4 12, ,12 12,x 3000000000 1e3 " 5"; do
    refused "is not a list" "$fewmul" bench gemm --sizes "$sizes"
done
refused "memory|too large" "$fewmul" bench gemm --sizes 2000000000
refused "f64, f32" "$fewmul" bench gemm --type f16
refused "needs --modulus" "$fewmul" bench gemm --type zp
refused "f64 and f32 only" "$fewmul" bench gemm --type i32 --scheme strassen.txt
refused "one thread" "$fewmul" bench gemm --threads 2 --cpu-time
refused "from 1 to 1000" "$fewmul" bench gemm --repeat 0
refused "missing" "$fewmul" bench gemm --scheme missing.json
refused "C compiler" env CC=/no/such/compiler "$fewmul" bench gemm --sizes 10 --scheme strassen.txt
refused "C compiler" env CC=false "$fewmul" bench gemm --sizes 10 --scheme strassen.txt
