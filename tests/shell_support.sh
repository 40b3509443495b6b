# shellcheck shell=bash
# What the command-line tests share; sourced. Works in a new folder, removed at the end.
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

# exits CODE COMMAND...: stdout goes to the file out, stderr to err.
exits() {
    local expected=$1 code=0
    shift
    "$@" >out 2>err || code=$?
    [ "$code" -eq "$expected" ] || fail "exit code $code, expected $expected: $* $(cat out err)"
}

# has FILE TEXT, has_line FILE LINE, matches FILE REGEX
has() {
    grep -qF -- "$2" "$1" || fail "$1 lacks '$2': $(cat "$1")"
}
has_line() {
    grep -qxF -- "$2" "$1" || fail "$1 lacks the line '$2': $(cat "$1")"
}
matches() {
    grep -qE -- "$2" "$1" || fail "$1 lacks '$2': $(cat "$1")"
}

# Strassen's scheme as text: U, V, and W for the transpose of C.
strassen() {
    cat <<'END'
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
}

# Strassen's scheme for twice the first row of A and C, with coefficients 2 and 1/2 that no scaling of
# products takes out.
halves() {
    strassen | awk 'NR > 1 && NR <= 8 { $1 *= 2; $2 *= 2 }
        NR > 15 { if ($1) $1 = $1 "/2"; if ($3) $3 = $3 "/2" }
        { print }'
}
