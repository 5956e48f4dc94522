#!/usr/bin/env bash
# Validates per second at 50 connections, 1 and 16 requests deep, from a daemon that it starts and
# ends itself. Figures are this machine's: compare them only within one run.
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
for depth in 1 16; do
    "$build/release/coupon-bench" load --socket "$scratch/s" --depth "$depth" --seconds "$seconds"
done
