#!/usr/bin/env bash
# Lints OpenAPI documents with Redocly CLI and Spectral: an error or a warning fails.
#
#   usage: run.sh DOCUMENT…
#
# Nothing is written outside a build folder. Set CARDEA_TEST_WORK to keep it, with what was installed, for the next run.
set -euo pipefail

if [[ $# -eq 0 ]]; then
    echo "usage: $0 DOCUMENT…" >&2
    exit 2
fi
here=$(cd "$(dirname "$0")" && pwd)

if [[ -z ${CARDEA_TEST_WORK:-} ]]; then
    CARDEA_TEST_WORK=$(mktemp -d)
    trap 'rm -rf "$CARDEA_TEST_WORK"' EXIT
fi
work=$CARDEA_TEST_WORK/openapi
mkdir -p "$work"

if ! cmp --silent "$here/package-lock.json" "$work/installed"; then
    cp "$here"/package*.json "$work"
    npm ci --prefix "$work" --silent --ignore-scripts --no-audit --no-fund
    cp "$here/package-lock.json" "$work/installed"
fi

export REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true NODE_NO_WARNINGS=1
for document in "$@"; do
    # Redocly CLI fails on errors alone, so what it found is looked at instead.
    "$work/node_modules/.bin/redocly" lint --config "$here/redocly.yaml" --format=json "$document" \
        >"$work/redocly.json" 2>"$work/redocly.log" || true
    node -e '
        const { totals, problems } = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"));
        for (const { severity, ruleId, message, location } of problems) {
            console.error(`${severity} ${ruleId}: ${message} ${location?.[0]?.pointer ?? ""}`);
        }
        process.exit(totals.errors + totals.warnings ? 1 : 0);
    ' "$work/redocly.json"
    "$work/node_modules/.bin/spectral" lint --ruleset "$here/spectral.yaml" --fail-severity=warn --quiet "$document"
    echo "openapi: $document: ok"
done
