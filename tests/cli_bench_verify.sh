# shellcheck shell=bash
# fewmul bench verify: the shape of its output, what it measures, and what it refuses. No times.
fewmul=$1
source "$(dirname "$0")/shell_support.sh"

strassen >strassen.txt
exits 0 "$fewmul" bench verify strassen.txt 2x3x4 --up-to 3 --repeat 2 --json
matches out '^\{"threads": 1, "repeat": 2, "seconds": [0-9.e-]+, "peak_memory": [0-9.]+, "results": \['
if command -v python3 >/dev/null; then
    python3 - out <<'END' || fail "the JSON is not as agreed: $(cat out)"
import json, sys
results = json.load(open(sys.argv[1]))["results"]
assert [r["name"] for r in results] == ["2x2x2", "2x2x3", "2x3x3", "3x3x3", "strassen.txt", "2x3x4"]
assert [r["rank"] for r in results] == [7, 11, 17, 26, 7, 22], results
for r in results:
    assert r["schemes"] == r["valid"] == 1 and r["ring"] == "zt", r
    assert r["read_seconds"] > 0 and r["check_seconds"] > 0, r
END
fi

# Many files, some schemes that do not hold, several in a file.
mkdir folder
{ strassen; sed '1s/7/6/;4d;11d;18d' strassen.txt; } >folder/two.txt
cp strassen.txt folder
exits 0 "$fewmul" bench verify --threads 2 folder
matches out 'two.txt: 2x2x2, rank 7, and 1 more, does not hold'
matches out '^3 schemes, 2 hold: .* on 2 threads, peak memory'

# Derived from given schemes.
exits 0 "$fewmul" bench verify --from strassen.txt 4x4x4
matches out '4x4x4: 4x4x4, rank 49, holds over zt'

exits 2 "$fewmul" bench verify missing.txt
matches err 'missing.txt: '
exits 2 "$fewmul" bench verify --repeat 0 strassen.txt
exits 2 "$fewmul" bench verify --up-to 65
exits 2 "$fewmul" bench verify --from missing.txt 2x2x2
mkdir empty
exits 2 "$fewmul" bench verify empty
matches err 'no scheme files'
