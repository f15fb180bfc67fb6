#!/usr/bin/env bash
# scim2-tester, every check of it, against a live server.
#
#   usage: run.sh BASE_URL TOKEN
#
# Nothing is written outside a build folder. Set CARDEA_TEST_WORK to keep it, with what was installed, for the next run.
set -euo pipefail

if [[ $# -ne 2 ]]; then
    echo "usage: $0 BASE_URL TOKEN" >&2
    exit 2
fi
here=$(cd "$(dirname "$0")" && pwd)

if [[ -z ${CARDEA_TEST_WORK:-} ]]; then
    CARDEA_TEST_WORK=$(mktemp -d)
    trap 'rm -rf "$CARDEA_TEST_WORK"' EXIT
fi
mkdir -p "$CARDEA_TEST_WORK/scim"
work=$(cd "$CARDEA_TEST_WORK/scim" && pwd)

if ! cmp --silent "$here/requirements.txt" "$work/installed"; then
    python3 -m venv --clear "$work/venv"
    "$work/venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$here/requirements.txt"
    cp "$here/requirements.txt" "$work/installed"
fi

"$work/venv/bin/python" -B "$here/driver.py" "$@"
