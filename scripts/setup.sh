#!/usr/bin/env bash
# Installs the Debian packages that Fewmul is built, measured and checked with.
set -euo pipefail

build="build-essential cmake ninja-build pkg-config
       libgmp-dev libflint-dev libjansson-dev nettle-dev libzip-dev
       libcmocka-dev"
peers="libopenblas0 libblis4"
checks="clang clang-format libomp-dev libclang-rt-dev libblas-dev libblas-test python3-numpy"

usage() {
    cat <<END
usage: scripts/setup.sh [build] [peers] [checks]

Installs the Debian packages of the named sets, build and peers when none is named:
  build   what the tree is built and tested with: $(echo $build)
  peers   the libraries that benchmarks compare with: $(echo $peers)
  checks  what the checks of the code need: $(echo $checks)

Says what it installs, and does nothing when all is there. Uses sudo when not root.
END
}

fail() {
    echo "setup: $*" >&2
    exit 1
}

# The packages of the list that are not installed.
missing_of() {
    local package
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q ' installed$' ||
            echo "$package"
    done
}

# Runs apt-get as root; sudo asks for a password only where someone can answer.
apt() {
    local as_root=()
    if [ "$(id -u)" != 0 ]; then
        as_root=(sudo)
        [ -t 0 ] || as_root=(sudo -n)
    fi
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get -q -o Acquire::Retries=3 -o DPkg::Lock::Timeout=120 "$@" </dev/null
}

install_packages() {
    apt install -y --no-install-recommends "$@"
}

wanted=
for argument in "${@:-default}"; do
    case $argument in
    build | peers | checks) wanted="$wanted ${!argument}" ;;
    default) wanted="$build $peers" ;;
    -h | --help)
        usage
        exit 0
        ;;
    *) fail "unknown set '$argument'; see scripts/setup.sh --help" ;;
    esac
done

command -v apt-get >/dev/null ||
    fail "this is no Debian system (no apt-get); install by hand what corresponds to:" $wanted
mapfile -t missing < <(missing_of $wanted)
if [ ${#missing[@]} = 0 ]; then
    echo "setup: all packages are installed"
    exit 0
fi
echo "setup: installing ${missing[*]}"
[ "$(id -u)" = 0 ] || command -v sudo >/dev/null ||
    fail "needs root: run as root, or install sudo, or have someone run: apt-get install ${missing[*]}"

# The lists may be missing, as in a fresh container, or so old that the packages they name are gone.
if ! apt-cache show "${missing[@]}" >/dev/null 2>&1 || ! install_packages "${missing[@]}"; then
    apt update || fail "apt-get update failed (its messages are above): no network, or no rights?"
    install_packages "${missing[@]}" ||
        fail "apt-get could not install ${missing[*]} (its messages are above): no network?"
fi
mapfile -t missing < <(missing_of "${missing[@]}")
[ ${#missing[@]} = 0 ] || fail "still not installed: ${missing[*]}"
