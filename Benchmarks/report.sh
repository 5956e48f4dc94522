#!/usr/bin/env bash
# Measures what the page Performance shows, and puts it there: the tables as text, the plots as SVG.
# All of it takes some fifteen minutes, and wants a machine that does nothing else.
#
#   Benchmarks/report.sh [BUILD_FOLDER [MEASUREMENT…]]
#
# A release build; .build-release when not given. Measurements: compare scale stall soak; all when
# none is given.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-.build-release}
measurements=("${@:2}")
[ ${#measurements[@]} -gt 0 ] || measurements=(compare scale stall soak)
page=Sources/CouponService/CouponService.docc
for measurement in "${measurements[@]}"; do
    "$build/release/coupon-bench" "$measurement" --svg "$build/plots" > "$build/$measurement.txt"
done
grep -o 'Resources/[a-z0-9-]*[.]svg' "$page/Performance.md" | while read -r plot; do
    drawing=$build/plots/${plot#Resources/}
    [ ! -e "$drawing" ] || cp "$drawing" "$page/$plot"
done
for measurement in "${measurements[@]}"; do
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
