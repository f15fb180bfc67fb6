#!/usr/bin/env bash
# Generates a Java client with openapi-generator (a plugin in pom.xml) and drives the server with it, in both API versions.
set -euo pipefail
source "$(dirname "$0")/../common.sh"

for version in v1.0 beta; do
    rm -rf "${work:?}/$version"
    mkdir -p "$work/$version/src"
    cd "$work/$version"
    cp "$here/pom.xml" .
    cp "$here"/src/{common,"$version"}/*.java src
    curl --fail --silent --show-error "$base/$version/openapi.json?oas=3.0" --output openapi.json
    mvn --quiet --batch-mode compile exec:java -Dexec.args="$base/$version $token" 2>&1 |
        sed 's/\x1b\[[0-9;]*m//g; /#$/d' # colours and an advertisement
done
