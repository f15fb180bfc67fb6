# Sourced by each client's run.sh: reads its arguments and picks the folder it builds in.
#
#   usage: run.sh BASE_URL TOKEN
#
# Gives: base, token; here, the client's own folder; work, its build folder. Nothing is written outside work but
# the package managers' own caches. Set CARDEA_TEST_WORK to keep that folder, with what was installed and compiled, for
# the next run.

if [[ $# -ne 2 ]]; then
    echo "usage: $0 BASE_URL TOKEN" >&2
    exit 2
fi

base=${1%/}
token=$2
here=$(cd "$(dirname "$0")" && pwd)

if [[ -z ${CARDEA_TEST_WORK:-} ]]; then
    CARDEA_TEST_WORK=$(mktemp -d)
    trap 'rm -rf "$CARDEA_TEST_WORK"' EXIT
fi
work=$CARDEA_TEST_WORK/clients/$(basename "$here")
mkdir -p "$work"
work=$(cd "$work" && pwd)

# install_once STAMP COMMAND…: runs the command unless it already succeeded with this same STAMP file.
install_once() {
    cmp --silent "$1" "$work/installed" && return
    "${@:2}"
    cp "$1" "$work/installed"
}
