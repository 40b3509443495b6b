#!/usr/bin/env bash
# Installs into a temporary prefix and uses the library from outside, in C and in C++, by
# find_package and by pkg-config.
# usage: run.sh SOURCE BUILD|shared
set -euo pipefail
source=$1 build=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
prefix=$folder/prefix

fail() { echo "package: $*" >&2; exit 1; }

if [ "$build" = shared ]; then
    build=$folder/build
    cmake -S "$source" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DBUILD_SHARED_LIBS=ON \
        -DBUILD_TESTING=OFF
    cmake --build "$build"
    # Beyond fewmul.h nothing is public.
    nm -D --defined-only "$build/libfewmul.so" | awk '{print $3}' | sort >"$folder/exported"
    grep -oE '\bfm_[a-z0-9_]+\(' "$source/include/fewmul.h" | tr -d '(' | sort -u >"$folder/public"
    extra=$(comm -23 "$folder/exported" "$folder/public")
    [ -z "$extra" ] || fail "exported but not in fewmul.h: $extra"
fi
cmake --install "$build" --prefix "$prefix" >/dev/null

libraries=$(dirname "$(find "$prefix" -name 'libfewmul.*' | head -n 1)")
for file in bin/fewmul include/fewmul.h share/man/man1/fewmul.1 share/doc/fewmul/LICENSE \
    share/doc/fewmul/README.md; do
    [ -s "$prefix/$file" ] || fail "$file is not installed"
done
[ "$("$prefix/bin/fewmul" --version)" = "fewmul $(sed -n 's/^Version: //p' \
    "$libraries/pkgconfig/fewmul.pc")" ] || fail "the command and fewmul.pc differ in version"

for language in C CXX; do
    extension=c compiler=${CC:-cc}
    if [ $language = CXX ]; then
        extension=cpp compiler=${CXX:-c++}
    fi
    command -v "$compiler" >/dev/null || continue
    program=$folder/outside-$language
    cmake -S "$source/tests/package" -B "$program" -G Ninja -DCMAKE_PREFIX_PATH="$prefix" \
        -DOUTSIDE_LANGUAGE=$language -DOUTSIDE_SOURCE=outside.$extension
    cmake --build "$program"
    "$program/outside" || fail "the program built by find_package fails ($language)"

    for static in "" --static; do
        flags=$(PKG_CONFIG_PATH=$libraries/pkgconfig pkg-config $static --cflags --libs fewmul)
        # shellcheck disable=SC2086
        "$compiler" "$source/tests/package/outside.$extension" $flags -o "$folder/outside"
        LD_LIBRARY_PATH=$libraries "$folder/outside" ||
            fail "the program built by pkg-config $static fails ($language)"
    done
done
