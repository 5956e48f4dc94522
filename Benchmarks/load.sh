#!/usr/bin/env bash
# What a daemon does that this starts and ends itself, on the sample catalog: validates per second at
# 50 connections, 1 and 16 requests deep, and with a connection for each; and a shop's mix of
# requests. Figures are this machine's: compare them only within one run.
#
#   Benchmarks/load.sh [BUILD_FOLDER] [--quick]    a release build; .build-release when not given
set -euo pipefail
cd "$(dirname "$0")/.."
build=.build-release
seconds=5
for argument in "$@"; do
    case $argument in
        --quick) seconds=0.5 ;;
        *) build=$argument ;;
    esac
done

scratch=$(mktemp -d)
"$build/release/coupond" --socket "$scratch/s" --admin-socket "$scratch/a" \
    --state "$scratch/state" --catalog config/coupons.yaml 2> "$scratch/log" &
daemon=$!
trap 'kill "$daemon" 2> /dev/null; wait "$daemon" || true; rm -rf "$scratch"' EXIT
for _ in $(seq 100); do
    grep -q '(admin)' "$scratch/log" && break
    kill -0 "$daemon" || { cat "$scratch/log"; exit 1; }
    sleep 0.1
done
load() {
    echo "$1:"
    "$build/release/coupon-bench" load --socket "$scratch/s" --seconds "$seconds" \
        --mix "Benchmarks/mixes/$1.jsonl" "${@:2}"
}
load validate --depth 1
load validate --depth 16
load validate --per-request 50
load checkout --depth 1
load checkout --rate 1000
