#!/usr/bin/env bash
# Measures everything that the page Performance shows, and puts it there: the tables as text, the
# plots as SVG. Takes some ten minutes, and wants a machine that does nothing else.
#
#   Benchmarks/report.sh [BUILD_FOLDER]    a release build; .build-release when not given
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-.build-release}
page=Sources/CouponService/CouponService.docc
for measurement in compare scale stall; do
    "$build/release/coupon-bench" "$measurement" --svg "$build/plots" > "$build/$measurement.txt"
done
grep -o 'Resources/[a-z0-9-]*[.]svg' "$page/Performance.md" | while read -r plot; do
    cp "$build/plots/${plot#Resources/}" "$page/$plot"
done
for measurement in compare scale stall; do
    # What stands between the fences behind the measurement's mark is replaced.
    awk -v mark="<!-- report: $measurement -->" -v file="$build/$measurement.txt" '
        { if (!inside || /^```/) print }
        $0 == mark { found = 1 }
        found && /^```/ {
            if (inside) { inside = 0; found = 0 }
            else { inside = 1; while ((getline line < file) > 0) print line }
        }' "$page/Performance.md" > "$build/Performance.md"
    cp "$build/Performance.md" "$page/Performance.md"
done
