#!/usr/bin/env bash
# fewmul compare: two schemes, classes, stabilizers, exit codes.
set -eu
fewmul=$1
. "$(dirname "$0")/shell_support.sh"

# The same algorithm with its products turned around and some signs moved, and one with eight products.
strassen >a.txt
{
    echo 2 2 2 7
    for block in 2 9 16; do sed -n "$block,$((block + 6))p" a.txt | tac; done
} >b.txt
sed -i '2s/.*/0 -1 0 1/; 9s/.*/0 0 -1 -1/' b.txt
exits 0 "$fewmul" verify b.txt
cat >standard.txt <<'END'
2 2 2 8
1 0 0 0
1 0 0 0
0 1 0 0
0 1 0 0
0 0 1 0
0 0 1 0
0 0 0 1
0 0 0 1
1 0 0 0
0 1 0 0
0 0 1 0
0 0 0 1
1 0 0 0
0 1 0 0
0 0 1 0
0 0 0 1
1 0 0 0
0 0 1 0
1 0 0 0
0 0 1 0
0 1 0 0
0 0 0 1
0 1 0 0
0 0 0 1
END

# Two schemes.
exits 0 "$fewmul" compare a.txt b.txt
has_line out 'a.txt and b.txt: equivalent'
has out '(X U Y^-1, Y V Z^-1, X^-T W Z^T)'
has out 'products 1 to 7 become'
exits 0 "$fewmul" compare --json a.txt b.txt
has out '"equivalent": true, "reason": null, "transformation": {"shift": '
exits 1 "$fewmul" compare a.txt standard.txt
has_line out 'a.txt and standard.txt: not equivalent: the numbers of products differ'
[ ! -s err ] || fail "noise: $(cat err)"
exits 1 "$fewmul" compare --json a.txt standard.txt
has out '"equivalent": false, "reason": "the numbers of products differ", "transformation": null'
exits 1 "$fewmul" compare --steps 1 a.txt b.txt
has out 'not decided: no transformation was found in the given number of steps'
exits 1 "$fewmul" compare --json --steps 1 a.txt b.txt
has out '"equivalent": null'
exits 0 "$fewmul" compare --ring f2 a.txt b.txt

# All that a search finds for 2x2x2 is Strassen's (de Groote 1978).
for ring in f2 zt; do
    for seed in 1 2 3 4 5 6; do
        exits 0 "$fewmul" search 2x2x2 --ring $ring --target 7 --seed $seed --threads 1 \
            --store $ring
    done
    exits 0 "$fewmul" compare --count --json --ring f2 $ring a.txt b.txt
    has out '"at_least": 1, "at_most": '
    exits 0 "$fewmul" compare --count --exact --json --ring f2 $ring a.txt b.txt
    has out '"at_least": 1, "at_most": 1}'
done

# Classes.
exits 0 "$fewmul" compare --count a.txt b.txt standard.txt
has out '2 schemes, first a.txt'
has_line out '3 schemes, at least 2 classes: equal invariants do not prove equivalence'
exits 0 "$fewmul" compare --count --exact a.txt b.txt standard.txt
has_line out '3 schemes, 2 classes, exactly'
exits 0 "$fewmul" compare --count --exact --steps 1 a.txt b.txt
has_line out '2 schemes, 1 to 2 classes: 1 not decided'

# Folders as verify reads them, and what a file does not say is told.
mkdir folder
cp a.txt folder/a.dat
"$fewmul" convert --to exp b.txt -o folder/b.exp
"$fewmul" convert --to sms b.txt -o folder/b_L.sms
echo 'No scheme.' >folder/README
exits 0 "$fewmul" compare --count folder
has_line out '3 schemes, at least 1 class: equal invariants do not prove equivalence'
exits 0 "$fewmul" compare --format 2x2x2 --transposed yes folder/a.dat folder/b.exp
exits 2 "$fewmul" compare --transposed no folder/a.dat folder/b.exp

# Stabilizers.
exits 0 "$fewmul" compare --stabilizer a.txt
has out 'a.txt: 2x2x2, rank 7, stabilizer of order 36; '
exits 0 "$fewmul" compare --stabilizer --json a.txt
has out '"finite": true, "complete": true, "order": 36, "generators": [{"shift"'
exits 0 "$fewmul" compare --stabilizer standard.txt
has out 'stabilizer infinite'

# What is refused.
sed '2s/1/-1/' a.txt >wrong.txt
exits 2 "$fewmul" compare a.txt wrong.txt
has err 'fewmul: wrong.txt: '
exits 2 "$fewmul" compare --count a.txt wrong.txt
has_line out '1 scheme, at least 1 class: equal invariants do not prove equivalence'
exits 2 "$fewmul" compare a.txt
has err 'takes two schemes and got 1'
exits 2 "$fewmul" compare a.txt nowhere.txt
exits 2 "$fewmul" compare --exact a.txt b.txt
exits 2 "$fewmul" compare --count --stabilizer a.txt
