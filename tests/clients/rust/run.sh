#!/usr/bin/env bash
# Generates a Rust client with progenitor (in build.rs) and drives the server with it, in both API versions.
set -euo pipefail
source "$(dirname "$0")/../common.sh"

export CARGO_TARGET_DIR=$work/target
for version in v1.0 beta; do
    export OPENAPI=$work/$version.json
    curl --fail --silent --show-error "$base/$version/openapi.json?oas=3.0" --output "$OPENAPI"
    cargo run --quiet --locked --manifest-path "$here/Cargo.toml" --features "$version" -- "$base/$version" "$token"
done
