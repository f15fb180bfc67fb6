#!/usr/bin/env bash
# Generates a Python client with openapi-python-client and drives the server with it, in both API versions.
set -euo pipefail
source "$(dirname "$0")/../common.sh"

install() {
    python3 -m venv --clear "$work/venv"
    "$work/venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$here/requirements.txt"
}
install_once "$here/requirements.txt" install

for version in v1.0 beta; do
    build=$work/$version
    rm -rf "$build"
    mkdir "$build"
    curl --fail --silent --show-error "$base/$version/openapi.json" --output "$build/openapi.json"
    "$work/venv/bin/openapi-python-client" generate --fail-on-warning --meta none \
        --config "$here/generator.yaml" --path "$build/openapi.json" --output-path "$build/graph"
    PYTHONPATH=$build "$work/venv/bin/python" "$here/driver.py" "$base/$version" "$token"
done
