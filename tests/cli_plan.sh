# shellcheck shell=bash
# fewmul plan: what it chooses with given costs, the file of costs, and what it refuses. No times.
fewmul=$1
source "$(dirname "$0")/shell_support.sh"
export XDG_CACHE_HOME=$folder/cache FEWMUL_CPU=portable

# Small products are classical whatever the costs; nothing is measured or written for them.
exits 0 "$fewmul" plan 100 100 100 --threads 1
matches out '^classical +[0-9.e-]+ +1\.000 +1\.000'
[ ! -e cache ] || fail "a plan for a small product wrote $(find cache)"

# Measured costs are kept, one line for each kernel, type and number of threads.
exits 0 "$fewmul" plan 512 512 512 --threads 1 --calibrate
echo 'portable f32 1 123456 1e-9 1e-9 1e-9 1e-9 1e-9' >>cache/fewmul/costs
exits 0 "$fewmul" plan 512 512 512 --threads 1 --calibrate
[ "$(grep -c '^portable f64 1 ' cache/fewmul/costs)" -eq 1 ] || fail "$(cat cache/fewmul/costs)"
[ "$(grep -c '^portable f32 1 ' cache/fewmul/costs)" -eq 1 ] || fail "$(cat cache/fewmul/costs)"
[ "$(ls -A cache/fewmul)" = costs ] || fail "left behind: $(ls -A cache/fewmul)"

# Where additions cost nothing, fewest multiplications win; where they cost much, the classical method.
processor=$(sed -n 's/^portable f64 1 \([0-9]*\) .*/\1/p' cache/fewmul/costs)
costs() { printf 'fewmul costs 1\n%s\n' "$1" >cache/fewmul/costs; }
costs "portable f64 1 $processor 1e-9 1e-12 1e-12 1e-12 1e-12"
exits 0 "$fewmul" plan 3000 3000 3000 --threads 1 --json
if command -v python3 >/dev/null; then
    python3 - out <<'END' || fail "the JSON is not as described: $(cat out)"
import json, sys
plan = json.load(open(sys.argv[1]))
assert plan["plan"] == plan["candidates"][0] and len(plan["candidates"]) == 8
assert [plan["m"], plan["n"], plan["k"], plan["threads"]] == [3000, 3000, 3000, 1]
assert plan["costs"]["flop"] == 1e-9
speedups = [c["speedup"] for c in plan["candidates"]]
assert speedups == sorted(speedups, reverse=True) and speedups[0] > 1.3
for c in plan["candidates"]:
    assert c["workspace_bytes"] <= 3000 * 3000 * 8 and c["error_growth"] <= 16
    assert abs(c["bound"] * c["multiplications"] - 1) < 1e-9 and c["speedup"] <= c["bound"] * 1.01
END
fi
costs "portable f64 1 $processor 1e-12 1e-6 1e-6 1e-6 1e-6"
exits 0 "$fewmul" plan 3000 3000 3000 --threads 1
[ "$(sed -n '/^plan /{n;p}' out | cut -d ' ' -f 1)" = classical ] || fail "$(cat out)"

# Schemes of files, with fractions too, at any level beside the built-in ones; exact types do without them.
halves >halves.txt
exits 0 "$fewmul" verify --json halves.txt
has out '"ring": "q"'
costs "portable f64 1 $processor 2e-11 1e-10 1e-10 1e-10 1e-10"
exits 0 "$fewmul" plan 3000 3000 3000 --threads 1 --candidates 100
cp out without
exits 0 "$fewmul" plan 3000 3000 3000 --threads 1 --candidates 100 --scheme halves.txt
names() { grep -o '2x2x2:7/....' "$1" | sort -u; }
name=$(comm -13 <(names without) <(names out))
matches out "^[3-6]x[^,]*, $name (fused|slots)"
costs "portable i64 1 $processor 2e-11 1e-10 1e-10 1e-10 1e-10"
exits 0 "$fewmul" plan 3000 3000 3000 --threads 1 --candidates 100 --scheme halves.txt --type i64
if grep -q "$name" out; then fail "a scheme with fractions for integers"; fi

# Exact types have costs of their own, residues for each way to multiply them, and any growth of errors.
for modulus in 3 67108864 67108865 17179869184 17179869185 9223372036854775808; do
    exits 0 "$fewmul" plan 100 100 100 --threads 1 --type zp --modulus $modulus
    matches out "zp modulo $modulus, 1 thread"
done
printf 'fewmul costs 1\n' >cache/fewmul/costs
for type in i32 i64 zp26 zp34 zp63; do
    echo "portable $type 1 $processor 1e-9 1e-12 1e-12 1e-12 1e-12" >>cache/fewmul/costs
done
for type in i32 i64 "zp --modulus 7" "zp --modulus 4294967291" "zp --modulus 1000000000039"; do
    # shellcheck disable=SC2086
    exits 0 "$fewmul" plan 3000 3000 3000 --threads 1 --type $type
    matches out 'costs: 1\.0 GF/s in tiles'
    matches out '^[2-6]x.* (fused|slots) '
done

# A damaged file is as good as none.
for content in "" garbage "fewmul costs 1
portable f64 1 $processor 1e-12 nan 1e-6 1e-6 1e-6" "fewmul costs 1
portable f64 1 $processor 1e-12 1e-6 1e-6" "fewmul costs 2
portable f64 1 $processor 1e-12 1e-6 1e-6 1e-6 1e-6"; do
    printf '%s' "$content" >cache/fewmul/costs
    exits 0 "$fewmul" plan 1000 1000 1000 --threads 1
    matches out 'costs: 50\.0 GF/s in tiles'
done

refused() {
    local message=$1
    shift
    exits 2 "$@"
    matches err "$message"
}
refused "not a size" "$fewmul" plan 10 x 10
refused "not a size" "$fewmul" plan 10 0 10
refused "usage" "$fewmul" plan 10 10
refused "missing" "$fewmul" plan 10 10 10 --scheme missing
strassen | sed '$s/1/-1/' >wrong.txt
exits 1 "$fewmul" plan 10 10 10 --scheme wrong.txt
has err "wrong.txt: the scheme does not hold"
refused "f64, f32, i32, i64, zp" "$fewmul" plan 10 10 10 --type zp26
refused "needs --modulus" "$fewmul" plan 10 10 10 --type zp
refused "needs --modulus from 1 to 2.63" "$fewmul" plan 10 10 10 --type zp --modulus \
    9223372036854775809
refused "only with --type zp" "$fewmul" plan 10 10 10 --type i64 --modulus 7
refused "from 1 to" "$fewmul" plan 10 10 10 --candidates 0
rm -r cache
touch cache
refused "costs" "$fewmul" plan 10 10 10 --threads 1 --calibrate
