#!/usr/bin/env bash
# Runs the tests: all of them, or the stages that are named.
#
#   usage: run.sh [STAGE…]
#
#   scripts        shellcheck, of the scripts
#   documents      the OpenAPI documents: those in openapi/ are what the program prints, and linters
#   cargo          cargo test: units, the contract, the engines
#   browser        Swagger UI, in Chromium
#   schemathesis   every check of Schemathesis, on both engines
#   scim           every check of scim2-tester, on both engines
#   clients        clients in five languages, generated, compiled and run
#   sdk            Microsoft's own SDKs, over TLS: with a client id and a secret, and for a person in Chromium
#
# Needed are Rust, Go, Java with Maven, Node.js and Python; on Debian, as root, what else is missing is installed. What
# the tests fetch and build is kept in CARDEA_TEST_WORK (target/test-work if not set) for the next run, with their logs.
set -euo pipefail

cd "$(dirname "$0")/.."
all=(scripts documents cargo browser schemathesis scim clients sdk)
stages=("$@")
[[ $# -gt 0 ]] || stages=("${all[@]}")
for stage in "${stages[@]}"; do
    if [[ " ${all[*]} " != *" $stage "* ]]; then
        echo "$0: there is no stage '$stage', only: ${all[*]}" >&2
        exit 2
    fi
done

target=${CARGO_TARGET_DIR:-target}
cardea=$target/debug/cardea
CARDEA_TEST_WORK=${CARDEA_TEST_WORK:-$target/test-work}
mkdir -p "$CARDEA_TEST_WORK/logs"
CARDEA_TEST_WORK=$(cd "$CARDEA_TEST_WORK" && pwd)
export CARDEA_TEST_WORK
logs=$CARDEA_TEST_WORK/logs
data=$(mktemp -d)
chmod 755 "$data" # PostgreSQL runs as another user

# All that may be asked for, and a tool that does may do.
roles=()
for role in {EntitlementManagement,Directory,User,Group,Application,AppRoleAssignment}.ReadWrite.All \
    {AuditLog,Organization,Domain}.Read.All; do
    roles+=(--role "$role")
done

# By engine: where its server is, a token, its process.
declare -A base token server

# run STAGE: runs a stage, and says how it went.
exec 3>&1
run() {
    local began=$SECONDS
    running=$1
    "stage_$1" >"$logs/$1.log" 2>&1
    running=
    echo "$1: ok, $((SECONDS - began)) s"
}

finish() {
    if [[ -n ${running:-} ]]; then
        printf '%s\n' "$running: FAILED. The end of $logs/$running.log:" "$(tail --lines=100 "$logs/$running.log")" >&3
    fi
    for pid in "${server[@]}"; do
        kill "$pid" || true
        wait "$pid" || true
    done
    [[ ! -d $data/postgres ]] || tests/postgres.sh stop "$data/postgres"
    rm -rf "$data"
}
trap finish EXIT
trap 'exit 130' INT TERM

# install COMMAND PACKAGE: installs the package unless there is the command.
install() {
    if ! command -v "$1" && ! compgen -G "$1"; then
        apt-get update --quiet
        DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --no-install-recommends "$2"
    fi
}

stage_tools() {
    install curl curl
    install shellcheck shellcheck
    install chromium chromium
    install '/usr/lib/postgresql/*/bin/initdb' postgresql
}

stage_build() {
    cargo build --locked
}

stage_scripts() {
    shellcheck --severity=warning --external-sources --source-path=SCRIPTDIR \
        .ci/run tests/*.sh tests/*/run*.sh tests/clients/*/run.sh tests/sdk/*/run.sh
}

stage_documents() {
    local document documents=()
    mkdir -p "$CARDEA_TEST_WORK/documents"
    for version in v1.0 beta; do
        for oas in 3.1 3.0; do
            document=$CARDEA_TEST_WORK/documents/$version-oas$oas.json
            "$cardea" openapi "$version" --oas "$oas" >"$document"
            documents+=("$document")
        done
        # To renew it: cargo run -- openapi VERSION >openapi/VERSION.json
        diff "openapi/$version.json" "$CARDEA_TEST_WORK/documents/$version-oas3.1.json"
    done
    tests/openapi/run.sh "${documents[@]}"
}

stage_cargo() {
    cargo test --locked
}

# start NAME OPTION…: starts a server, and waits until it says that it is ready.
start() {
    local log=$logs/server-$1.log
    : >"$log" # what an earlier run said is not what this server says
    "$cardea" serve --listen 127.0.0.1:0 "${@:2}" >"$log" 2>&1 &
    server[$1]=$!
    until base[$1]=$(sed --quiet 's/^cardea is ready at //p' "$log") && [[ -n ${base[$1]} ]]; do
        kill -0 "${server[$1]}" || cat "$log"
        kill -0 "${server[$1]}"
        sleep 0.1
    done
}

# serve ENGINE OPTION…: starts a server with this storage unless there is one, and gets a token for it.
serve() {
    [[ -z ${server[$1]:-} ]] || return 0
    start "$@"
    curl --fail --silent --show-error "${base[$1]}/readyz"
    token[$1]=$("$cardea" token "${@:2}" "${roles[@]}" --lifetime 6h)
}

serve_sqlite() {
    serve sqlite --data "$data/sqlite"
}

serve_postgres() {
    [[ -z ${server[postgres]:-} ]] || return 0
    mkdir "$data/postgres"
    postgres_url=$(tests/postgres.sh start "$data/postgres")
    serve postgres --database-url "$postgres_url"
}

stage_browser() {
    serve_sqlite
    local upn=browser@contoso.example password='Correct horse of Swagger 7'
    "$cardea" user create "$upn" --directory-role 'Identity Governance Administrator' --password-stdin \
        --data "$data/sqlite" <<<"$password"
    tests/browser/run.sh "${base[sqlite]}" "${token[sqlite]}" "$upn" "$password"
}

stage_schemathesis() {
    serve_sqlite
    serve_postgres
    tests/schemathesis/run.sh "${base[sqlite]}" "${token[sqlite]}" "${base[postgres]}" "${token[postgres]}"
}

# provisioned ENGINE OPTION…: makes a provisioning client and tests the server through it. In a tenant of its own:
# the tester looks for what it made on the first page of all there is, which other tests may have filled.
provisioned() {
    local made
    "$cardea" tenant create --name scim --domain scim.example "${@:2}"
    made=$("$cardea" scim create --name tester --tenant scim.example --json "${@:2}")
    made=$(python3 -c 'import json, sys; print(json.loads(sys.argv[1])["token"])' "$made")
    tests/scim/run.sh "${base[$1]}" "$made"
}

stage_scim() {
    serve_sqlite
    serve_postgres
    provisioned sqlite --data "$data/sqlite"
    provisioned postgres --database-url "$postgres_url"
}

stage_clients() {
    serve_sqlite
    tests/clients/run-all.sh "${base[sqlite]}" "${token[sqlite]}"
}

stage_sdk() {
    local app
    start tls --data "$data/tls" --tls-self-signed
    "$cardea" ca --data "$data/tls" >"$data/ca.pem"
    app=$("$cardea" app create --name sdk "${roles[@]}" --data "$data/tls" --json)
    field() { python3 -c 'import json, sys; print(json.loads(sys.argv[1])[sys.argv[2]])' "$app" "$1"; }
    local here=${base[tls]/127.0.0.1/localhost} sdk
    for sdk in go typescript python; do
        SSL_CERT_FILE=$data/ca.pem "tests/sdk/$sdk/run.sh" "$here" \
            "$(field tenantId)" "$(field clientId)" "$(field clientSecret)"
    done
    local upn=msal@contoso.example password='Correct horse of Azure 7'
    "$cardea" user create "$upn" --directory-role 'Global Reader' --password-stdin --data "$data/tls" <<<"$password"
    app=$("$cardea" app create --name msal --public --redirect-uri http://localhost \
        --scope EntitlementManagement.Read.All --data "$data/tls" --json)
    SSL_CERT_FILE=$data/ca.pem tests/sdk/msal/run.sh "$here" "$(field tenantId)" "$(field clientId)" "$upn" "$password"
}

# The servers saw no failure of their own, and stop in an orderly way when they are told to.
stage_servers() {
    local pid
    for engine in "${!server[@]}"; do
        pid=${server[$engine]}
        unset "server[$engine]"
        kill "$pid"
        wait "$pid"
        if grep --extended-regexp 'ERROR|panicked' "$logs/server-$engine.log"; then
            return 1
        fi
    done
}

run tools
run build
for stage in "${stages[@]}"; do
    run "$stage"
done
run servers
echo "stages: ${#stages[@]} passed, 0 failed"
