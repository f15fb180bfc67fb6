#!/usr/bin/env bash
# Microsoft's own SDK for TypeScript, unmodified, against a server that speaks TLS.
set -euo pipefail
source "$(dirname "$0")/../common.sh"

cp "$here"/{package,package-lock,tsconfig}.json "$here/driver.ts" "$work"
cd "$work"
install_once package-lock.json npm ci --silent --ignore-scripts --no-audit --no-fund
npx tsc --project .
NODE_EXTRA_CA_CERTS=$ca node dist/driver.js "$@"
