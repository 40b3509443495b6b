#!/usr/bin/env bash
# scripts/plot_metrics.py: pictures and tables of what a search measured; bad files are refused.
set -eu
. "$2/tests/shell_support.sh"
plot=$2/scripts/plot_metrics.py
python3 -c 'import sys; sys.exit(sys.version_info < (3, 8))' 2>/dev/null || exit 77

line() { # SEED SECONDS RANK FINDS [MORE]
    echo "{\"time\": 1795550000.5, \"seconds\": $2, \"format\": \"4x4x5\", \"ring\": \"f2\"," \
        "\"engine\": \"flips\", \"seed\": $1, \"flips\": ${2%.*}000000, \"best_rank\": $3," \
        "\"flips_per_second\": 61e6, \"ranks\": {\"$3\": 3, \"$(($3 + 2))\": 5}," \
        "\"finds\": $4${5-}}"
}
pool() { # RANK
    echo ", \"pools\": [{\"stage\": \"2x2x2\", \"rank\": 7, \"size\": 16}," \
        "{\"stage\": \"4x4x4\", \"rank\": $1, \"size\": 3}]"
}
well_formed() { # FILE
    python3 -c 'import sys, xml.dom.minidom as dom; dom.parse(sys.argv[1])' "$1" ||
        fail "$1 is not well-formed"
}
lines_of_class() { # CLASS FILE
    grep -c "class=\"$1\"" "$2"
}

# One search: rank, rate and pools, the walkers as shades, the finds as marks.
{
    line 1 1.0 80 0
    line 1 10.0 64 1 "$(pool 49)"
    line 1 100.0 61 4 "$(pool 47)"
} >one.jsonl
for axis in "" --log; do
    exits 0 python3 "$plot" one.jsonl -o one.svg $axis
    well_formed one.svg
    has one.svg '4x4x5 over f2, engine flips'
    has one.svg '<title>4x4x4: rank 47, 3 schemes</title>'
    has one.svg '<title>2x2x2: rank 7, 16 schemes</title>'
    has one.svg 'flips/s (millions)'
    has one.svg 'class="walkers"'
    has one.svg 'class="find"'
    has one.svg 'seed 1: 61, 1 min 40 s'
done
exits 0 python3 "$plot" one.jsonl
mv out standard.svg
well_formed standard.svg

# Several are told apart by colour; the table counts what was not reached as slower than all.
{
    line 2 20.0 64 1
    line 2 100.0 61 2
} >two.jsonl
line 3 30.0 64 1 >three.jsonl
exits 0 python3 "$plot" one.jsonl two.jsonl three.jsonl -o all.svg
well_formed all.svg
for name in 'seed 1: 61, 1 min 40 s, one' 'seed 2: 61, 1 min 40 s, two' \
    'seed 3: 64, 30 s, three'; do
    has all.svg "<title>$name.jsonl</title>"
done
[ "$(grep -oE 'stroke="[^"]*" [^>]*><title>seed [0-9]: ' all.svg | cut -d ' ' -f 1 | sort -u |
    wc -l)" = 3 ] || fail "three searches in less than three colours"
exits 0 python3 "$plot" --text one.jsonl two.jsonl three.jsonl
matches out '^ +64 +3 of 3 +20 s +10 s +30 s$'
matches out '^ +61 +2 of 3 +1 min 40 s +1 min 40 s +1 min 40 s$'
exits 0 python3 "$plot" --text one.jsonl three.jsonl
matches out '^ +61 +1 of 2 +- +1 min 40 s +1 min 40 s$'

# Many are drawn with their median.
for seed in $(seq 20); do
    line "$seed" "$((seed * 2)).0" $((70 + seed)) 1
    line "$seed" "$((seed * 3)).0" 61 1
done >many.jsonl
exits 0 python3 "$plot" many.jsonl -o many.svg
well_formed many.svg
has many.svg '20 searches'
has many.svg '<title>median</title>'

# A run begins where the seconds go back, but not behind its last checkpoint: that continues it.
exits 0 python3 "$plot" --text <(cat two.jsonl two.jsonl)
[ "$(grep -c 'seed 2' out)" = 2 ] || fail "two runs in a file: $(cat out)"
{
    line 1 10.0 64 1
    line 1 20.0 62 2 ', "checkpoint_seconds": 11.5'
    line 1 12.0 64 1
    line 1 30.0 62 2
} >resumed.jsonl
exits 0 python3 "$plot" --text resumed.jsonl
matches out '^ +62 +1 of 1 +30 s +30 s +30 s$'

{
    cat resumed.jsonl
    line 1 10.0 63 2
} >again.jsonl
exits 0 python3 "$plot" --text again.jsonl
matches out '^ +63 +2 of 2 '
matches out '^ +62 +1 of 2 '

# The end of a search says exactly when its best rank was reached.
{
    line 1 10.0 64 1
    line 1 15.0 61 1 ', "event": "end", "best_rank_seconds": 12.5'
} >end.jsonl
exits 0 python3 "$plot" --text end.jsonl
matches out '^ +61 +1 of 1 +12.5 s'

# Walkers below the best rank are at smaller formats: the axis ends at the best.
line 1 10.0 64 1 ', "ranks": {"7": 2, "64": 1, "70": 1}' >growth.jsonl
exits 0 python3 "$plot" growth.jsonl -o growth.svg
sed '/<\/g>/q' growth.svg >rank_panel
has rank_panel '>64</text>'
! grep -qE 'text-anchor="end">[1-5]?[0-9]</text>' rank_panel ||
    fail "the axis begins below the best rank"

# A kill may cut a line short: at the end, or before the first line of the search that goes on.
{
    cat one.jsonl
    line 1 110.0 61 4 | head -c 50
} >cut.jsonl
exits 0 python3 "$plot" --text cut.jsonl
has err 'cut.jsonl:4: the last line is cut short'
line 1 120.0 60 5 >>cut.jsonl
exits 0 python3 "$plot" --text cut.jsonl
has err 'cut.jsonl:4: begins with a line that was cut short'
matches out '^ +60 +1 of 1 +2 min '

# Names from a file stay text.
line 1 10.0 64 1 | sed 's/4x4x5/<a \& b>/' >names.jsonl
exits 0 python3 "$plot" names.jsonl -o names.svg
well_formed names.svg

# Two tensors have no rank axis in common.
line 1 10.0 64 1 | sed 's/4x4x5/4x5x5/' >other.jsonl
exits 2 python3 "$plot" one.jsonl other.jsonl -o none.svg
has err 'choose with --format and --ring'
exits 0 python3 "$plot" one.jsonl other.jsonl --format 4x5x5 -o other.svg
has other.svg '4x5x5 over f2'
exits 0 python3 "$plot" one.jsonl other.jsonl --text
has out '4x5x5 over f2'

# What is wrong is said with its place, and no picture is left.
refused() { # LINE MESSAGE
    {
        line 1 1.0 80 0
        echo "$1"
        line 1 10.0 61 1
    } >bad.jsonl
    exits 2 python3 "$plot" bad.jsonl -o bad.svg
    has err "bad.jsonl:2: $2"
    [ ! -e bad.svg ] || fail "a picture of a bad file"
}
refused 'nothing' 'not a JSON object'
refused '[1, 2]' 'not a JSON object'
refused "$(printf '[%.0s' $(seq 5000))" 'not a JSON object'
refused '{"seconds": NaN}' 'not a JSON object'
refused '{"seconds": 5}' 'there is no "format"'
refused "$(line 1 5.0 61 1 | sed 's/: 5.0,/: -5,/')" '"seconds" should be a number of seconds'
refused "$(line 1 5.0 61 1 | sed 's/"best_rank": 61/"best_rank": "x"/')" '"best_rank" should be'
refused "$(line 1 5.0 61 1 ', "pools": [{"rank": 7}]')" '"pools" should be a list of'
refused "$(line 1 5.0 61 1 ', "ranks": {"a": 1}')" '"ranks" should be counts'
: >empty.jsonl
exits 2 python3 "$plot" empty.jsonl
has err 'empty.jsonl: holds no metrics'
exits 2 python3 "$plot" absent.jsonl
has err 'absent.jsonl: No such file'
exits 2 python3 "$plot" one.jsonl -o absent/one.svg
has err 'absent/one.svg: No such file'
exits 2 python3 "$plot" one.jsonl --seed 7
has err 'no search in the files'
exits 2 python3 "$plot"
