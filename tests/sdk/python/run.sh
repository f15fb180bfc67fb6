#!/usr/bin/env bash
# Microsoft's own SDKs for Python, unmodified, against a server that speaks TLS.
set -euo pipefail
source "$(dirname "$0")/../common.sh"

install() {
    python3 -m venv --clear "$work/venv"
    "$work/venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$here/requirements.txt"
}

install_once "$here/requirements.txt" install
SSL_CERT_FILE=$ca REQUESTS_CA_BUNDLE=$ca "$work/venv/bin/python" -B "$here/driver.py" "$@"
