#!/usr/bin/env bash
# Microsoft's own SDKs for Python, unmodified, against a server that speaks TLS.
#
#   usage: run.sh BASE_URL TENANT CLIENT_ID CLIENT_SECRET
#
# SSL_CERT_FILE names the CA that the server's certificate is of. Set CARDEA_TEST_WORK to keep what was installed.
set -euo pipefail

if [[ $# -ne 4 ]]; then
    echo "usage: $0 BASE_URL TENANT CLIENT_ID CLIENT_SECRET" >&2
    exit 2
fi
here=$(cd "$(dirname "$0")" && pwd)
if [[ -z ${CARDEA_TEST_WORK:-} ]]; then
    CARDEA_TEST_WORK=$(mktemp -d)
    trap 'rm -rf "$CARDEA_TEST_WORK"' EXIT
fi
work=$CARDEA_TEST_WORK/sdk/python
mkdir -p "$work"
if ! cmp --silent "$here/requirements.txt" "$work/installed"; then
    # The package index has a certificate of another CA.
    env --unset=SSL_CERT_FILE python3 -m venv --clear "$work/venv"
    env --unset=SSL_CERT_FILE "$work/venv/bin/pip" install --quiet --disable-pip-version-check \
        --requirement "$here/requirements.txt"
    cp "$here/requirements.txt" "$work/installed"
fi
REQUESTS_CA_BUNDLE=$SSL_CERT_FILE "$work/venv/bin/python" -B "$here/driver.py" "$@"
