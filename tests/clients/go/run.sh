#!/usr/bin/env bash
# Generates a Go client with oapi-codegen (pinned in go.mod) and drives the server with it, in both API versions.
set -euo pipefail
source "$(dirname "$0")/../common.sh"

for version in v1.0 beta; do
    rm -rf "${work:?}/$version"
    mkdir -p "$work/$version/graph"
    cd "$work/$version"
    cp "$here"/{go.mod,go.sum,*.go,oapi-codegen.yaml} .
    curl --fail --silent --show-error "$base/$version/openapi.json" --output openapi.json
    go tool oapi-codegen --config oapi-codegen.yaml openapi.json
    go run -tags "$version" . "$base/$version" "$token"
done
