#!/usr/bin/env bash
# Microsoft's own SDK for Go, unmodified, against a server that speaks TLS.
set -euo pipefail
source "$(dirname "$0")/../common.sh"

cd "$here"
go build -o "$work/driver" .
SSL_CERT_FILE=$ca "$work/driver" "$@"
