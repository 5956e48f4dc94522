#!/usr/bin/env bash
# Measures the steps of a validate, each by itself, and whole lines.
#
#   Benchmarks/micro.sh [--check | --update]
#
# --check holds the costs against those in Benchmarks/Thresholds and fails where one is half as much
# again; --update writes what was measured there. A cost is in thousandths of the time that hashing
# 64 KiB took in the same moment.
set -euo pipefail
cd "$(dirname "$0")/.."
thresholds=Benchmarks/Thresholds
export COUPOND_MICRO=thresholds
case ${1:-} in
    "") command=(run); COUPOND_MICRO=1 ;;
    --check) command=(thresholds check --path "$thresholds") ;;
    --update) command=(thresholds update --path "$thresholds") ;;
    *) echo "usage: Benchmarks/micro.sh [--check | --update]" >&2; exit 64 ;;
esac
status=0
swift package --scratch-path .build-micro --allow-writing-to-package-directory \
    benchmark "${command[@]}" --target Micro --no-progress || status=$?
# 4 says that something got cheaper.
[ "$status" -eq 4 ] || exit "$status"
