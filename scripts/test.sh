#!/usr/bin/env bash
# Installs what is needed, builds, and runs every check. The first failure ends it.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
    cat <<'END'
usage: scripts/test.sh [--quick] [--no-install]

Installs the packages, builds with warnings as errors and runs all tests through ctest:
  1. clang-format agrees with every file, and Clang builds without warnings
  2. the release build (build/) passes the tests
  3. the build with AddressSanitizer and UndefinedBehaviorSanitizer (build-asan/) passes them
  4. fuzzing the readers and the verifier for a while (build-fuzz/) finds nothing

  --quick       only the release build and its tests
  --no-install  take the packages as they are
END
}

quick=false install=true
for argument in "$@"; do
    case $argument in
    --quick) quick=true ;;
    --no-install) install=false ;;
    -h | --help)
        usage
        exit 0
        ;;
    *)
        echo "test: unknown option '$argument'; see scripts/test.sh --help" >&2
        exit 2
        ;;
    esac
done
jobs=$(nproc)
sets="build peers checks"
if $quick; then
    sets="build peers"
fi

step() {
    echo
    echo "== $* (after $SECONDS s)"
}

# Configuring says much and means little unless it fails.
configure() {
    local log
    log=$(cmake --preset "$@" 2>&1) || {
        echo "$log" >&2
        return 1
    }
}

build() {
    cmake --build --preset "$1" -j "$jobs"
}

if $install; then
    step "packages"
    # shellcheck disable=SC2086
    scripts/setup.sh $sets
fi

if ! $quick; then
    step "Clang and clang-format"
    configure clang
    cmake --build --preset clang --target format-check
    build clang
fi

step "release build"
configure release -DFEWMUL_WERROR=ON
build release
ctest --preset release -j "$jobs"

if ! $quick; then
    step "AddressSanitizer and UndefinedBehaviorSanitizer"
    configure asan
    build asan
    ctest --preset asan -j "$jobs"
    step "fuzzing"
    configure fuzz
    build fuzz
    ctest --preset fuzz -j "$jobs"
fi
