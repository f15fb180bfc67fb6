#!/usr/bin/env bash
# Microsoft's authentication library for Node.js, unmodified: a person signs in, in Chromium, against a server that speaks TLS.
#
#   usage: run.sh BASE_URL TENANT CLIENT_ID USER PASSWORD
set -euo pipefail

if [[ $# -ne 5 ]]; then
    echo "usage: $0 BASE_URL TENANT CLIENT_ID USER PASSWORD" >&2
    exit 2
fi
# The password takes the place of none of what the others have.
password=$5
set -- "${@:1:4}"
source "$(dirname "$0")/../common.sh"

cp "$here"/{package,package-lock}.json "$here/driver.mjs" "$work"
cd "$work"
install_once package-lock.json npm ci --silent --ignore-scripts --no-audit --no-fund
CHROMIUM=$(command -v chromium) NODE_EXTRA_CA_CERTS=$ca node driver.mjs "$@" "$password"
