#!/usr/bin/env bash
# What a request may cost between its bytes and its reply: no allocation, no retain, and a bounded
# number of instructions. All of it is counted, so a busy machine gives the same answer.
#
#   Benchmarks/guard.sh [BUILD_FOLDER]    a release build; .build-release when not given
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-.build-release}

"$build/release/hot-path" count

# Two runs of different length have the same start and end: their difference is the requests.
# Valgrind cannot read Swift's debug information, so it gets a copy without.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
strip -g -o "$scratch/hot-path" "$build/release/hot-path"
instructions() {
    valgrind --tool=callgrind --callgrind-out-file="$scratch/profile" \
        "$scratch/hot-path" run "$1" "$2" 2>&1 | awk '/Collected/ { print $NF }'
}
status=0
while read -r kind most; do
    short=$(instructions "$kind" 1000)
    long=$(instructions "$kind" 3000)
    each=$(((long - short) / 2000))
    echo "$each instructions per $kind (at most $most)"
    [ "$each" -le "$most" ] || status=1
done < Benchmarks/instructions.max
exit "$status"
