#!/usr/bin/env bash
# Uses the Swagger UI of a live server in headless Chromium.
#
#   usage: run.sh BASE_URL TOKEN USER PASSWORD
#
# Nothing is written outside a build folder. Set CARDEA_TEST_WORK to keep it, with what was installed, for the next run;
# after a failure a screenshot is there.
set -euo pipefail

if [[ $# -ne 4 ]]; then
    echo "usage: $0 BASE_URL TOKEN USER PASSWORD" >&2
    exit 2
fi
here=$(cd "$(dirname "$0")" && pwd)

if [[ -z ${CARDEA_TEST_WORK:-} ]]; then
    CARDEA_TEST_WORK=$(mktemp -d)
    trap 'rm -rf "$CARDEA_TEST_WORK"' EXIT
fi
work=$CARDEA_TEST_WORK/browser
mkdir -p "$work"

if ! cmp --silent "$here/package-lock.json" "$work/installed"; then
    cp "$here"/package*.json "$work"
    npm ci --prefix "$work" --silent --ignore-scripts --no-audit --no-fund
    cp "$here/package-lock.json" "$work/installed"
fi

cp "$here/swagger-ui.mjs" "$work"
cd "$work"
CHROMIUM=$(command -v chromium) node swagger-ui.mjs "${1%/}" "${@:2}"
