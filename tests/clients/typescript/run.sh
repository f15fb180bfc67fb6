#!/usr/bin/env bash
# Generates a TypeScript client with @hey-api/openapi-ts and drives the server with it, in both API versions.
set -euo pipefail
source "$(dirname "$0")/../common.sh"

cd "$work"
cp "$here"/{package,package-lock,tsconfig}.json .
install_once package-lock.json npm ci --silent --ignore-scripts --no-audit --no-fund

for version in v1.0 beta; do
    rm -rf "$version"
    mkdir "$version"
    cp "$here/driver.ts" "$version"
    cp "$here/bodies.$version.ts" "$version/bodies.ts"
    curl --fail --silent --show-error "$base/$version/openapi.json" --output "$version/openapi.json"
    npx openapi-ts --input "./$version/openapi.json" --output "$version/graph" --client @hey-api/client-fetch --silent
done

npx tsc --strict --project .
for version in v1.0 beta; do
    node "dist/$version/driver.js" "$base/$version" "$token"
done
