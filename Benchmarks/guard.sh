#!/usr/bin/env bash
# What a validate may cost between its bytes and its reply: no allocation, no retain, and a bounded
# number of instructions. All of it is counted, so a busy machine gives the same answer.
#
#   Benchmarks/guard.sh [BUILD_FOLDER]    a release build; .build-release when not given
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-.build-release}
instructions_max=$(cat Benchmarks/instructions-per-validate.max)

"$build/release/hot-path" count

# Two runs of different length have the same start and end: their difference is the requests.
# Valgrind cannot read Swift's debug information, so it gets a copy without.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
strip -g -o "$scratch/hot-path" "$build/release/hot-path"
instructions() {
    valgrind --tool=callgrind --callgrind-out-file="$scratch/profile" \
        "$scratch/hot-path" run "$1" 2>&1 | awk '/Collected/ { print $NF }'
}
short=$(instructions 1000)
long=$(instructions 3000)
per_validate=$(((long - short) / 2000))
echo "$per_validate instructions per validate (at most $instructions_max)"
[ "$per_validate" -le "$instructions_max" ]
