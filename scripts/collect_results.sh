#!/usr/bin/env bash
# Takes the best schemes of a store into results/ and writes the table of what is there.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ $# -lt 1 ] || [ "$1" = --help ] || [ "$1" = -h ]; then
    cat <<'END'
usage: scripts/collect_results.sh STORE [FEWMUL]

For each tensor and ring of STORE takes the scheme of the lowest rank, of those the one with the
fewest additions, verifies it, and puts it into results/ when it is better than what is there.
Then writes results/README.md. Only for finds of this engine.

  FEWMUL  the command [build/fewmul]
END
    exit 2
fi
store=$1 fewmul=${2:-build/fewmul}

# The file of a folder of schemes of one rank that has the fewest additions.
sparsest() { # FOLDER
    "$fewmul" verify --json "$1"/*.json |
        sed -E 's/.*"file": "([^"]*)".*"additions": ([0-9]+).*/\2 \1/' | sort -n | sed -n 1p |
        cut -d ' ' -f 2-
}

best_rank() { # FOLDER
    find "$1" -maxdepth 1 -name 'rank*' -printf '%f\n' 2>/dev/null | sed 's/^rank//' | sort -n |
        sed -n 1p
}

for folder in "$store"/*/*/; do
    name=${folder#"$store"/} name=${name%/}
    found=$(best_rank "$folder") known=
    [ ! -d "results/$name" ] || known=$(best_rank "results/$name")
    if [ -z "$found" ] || { [ -n "$known" ] && [ "$known" -le "$found" ]; }; then
        continue
    fi
    file=$(sparsest "$folder/rank$found")
    "$fewmul" verify --quiet "$file"
    rm -rf "results/$name"
    mkdir -p "results/$name/rank$found"
    cp "$file" "results/$name/rank$found/"
    echo "$name: rank $found"
done

{
    cat <<'END'
# What this engine has found

Each scheme below was found from the standard scheme by this project's own search, or lifted by
`fewmul lift` from one that was. Each is verified by `fewmul verify results/*/*/*/*.json`, and says in
its provenance which engine, version and seed found it, or which scheme it was lifted from. The folder is a results store (docs/results-store.md). `published` is the best published rank, in
the same ring where there is one.

END
    "$fewmul" results results | sed 's/^/    /'
} >results/README.md
