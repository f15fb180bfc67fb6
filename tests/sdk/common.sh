# Sourced by each SDK's run.sh: reads its arguments and picks the folder it builds in.
#
#   usage: run.sh BASE_URL TENANT CLIENT_ID CLIENT_SECRET
#
# Gives: here, the SDK's own folder; work, its build folder; ca, the file with the CA of the server's certificate, which
# SSL_CERT_FILE names. That variable itself is taken out of the environment: what is fetched comes from servers with
# certificates of other CAs. Set CARDEA_TEST_WORK to keep what was installed and compiled for the next run.

if [[ $# -ne 4 ]]; then
    echo "usage: $0 BASE_URL TENANT CLIENT_ID CLIENT_SECRET" >&2
    exit 2
fi

here=$(cd "$(dirname "$0")" && pwd)
ca=$SSL_CERT_FILE
unset SSL_CERT_FILE

if [[ -z ${CARDEA_TEST_WORK:-} ]]; then
    CARDEA_TEST_WORK=$(mktemp -d)
    trap 'rm -rf "$CARDEA_TEST_WORK"' EXIT
fi
work=$CARDEA_TEST_WORK/sdk/$(basename "$here")
mkdir -p "$work"
work=$(cd "$work" && pwd)

# install_once STAMP COMMAND…: runs the command unless it already succeeded with this same STAMP file.
install_once() {
    cmp --silent "$1" "$work/installed" && return
    "${@:2}"
    cp "$1" "$work/installed"
}
