#!/usr/bin/env bash
# Runs all checks of Schemathesis against live servers, all at the same time, for the documents of both API versions.
#
#   usage: run.sh BASE_URL TOKEN [BASE_URL TOKEN]…
#
# Nothing is written outside a build folder. Set CARDEA_TEST_WORK to keep it, with what was installed, for the next run.
set -euo pipefail

if [[ $# -eq 0 || $(($# % 2)) -ne 0 ]]; then
    echo "usage: $0 BASE_URL TOKEN [BASE_URL TOKEN]…" >&2
    exit 2
fi
here=$(cd "$(dirname "$0")" && pwd)

if [[ -z ${CARDEA_TEST_WORK:-} ]]; then
    CARDEA_TEST_WORK=$(mktemp -d)
    trap 'rm -rf "$CARDEA_TEST_WORK"' EXIT
fi
mkdir -p "$CARDEA_TEST_WORK/schemathesis"
work=$(cd "$CARDEA_TEST_WORK/schemathesis" && pwd)

if ! cmp --silent "$here/requirements.txt" "$work/installed"; then
    python3 -m venv --clear "$work/venv"
    "$work/venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$here/requirements.txt"
    cp "$here/requirements.txt" "$work/installed"
fi

# post BASE_URL TOKEN SET BODY: makes an entity; one that is there already may stay.
post() {
    local answer
    answer=$(curl --silent --write-out '%{http_code}' --header "Authorization: Bearer $2" --json "$4" \
        "$1/v1.0/identityGovernance/entitlementManagement/$3")
    [[ $answer =~ (201|409)$ ]] || { echo "$3: $answer"; return 1; }
}

# check BASE_URL TOKEN: one server.
check() {
    local result=0
    # The catalog that the documents' examples name; what is in it keeps it from being deleted.
    post "$1" "$2" catalogs '{"id": "Catalog Id value", "displayName": "Sales"}'
    post "$1" "$2" accessPackages '{"id": "kept", "displayName": "Kept", "catalog": {"id": "Catalog Id value"}}'
    export CARDEA_TOKEN=$2 SCHEMATHESIS_HOOKS=$here/hooks.py
    for version in v1.0 beta; do
        "$work/venv/bin/schemathesis" --config-file "$here/schemathesis.toml" run "$1/$version/openapi.json" || result=1
    done
    return $result
}

cd "$work"
runs=()
while [[ $# -gt 0 ]]; do
    check "${1%/}" "$2" >"server-${#runs[@]}.log" 2>&1 &
    runs+=($!)
    shift 2
done
failed=0
for i in "${!runs[@]}"; do
    wait "${runs[i]}" || failed=1
    cat "server-$i.log"
done
exit $failed
