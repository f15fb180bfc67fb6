#!/usr/bin/env bash
# A PostgreSQL cluster for tests: quick to make, not durable, with nothing in it but the user cardea.
#
#   usage: postgres.sh start DIR     makes it in the empty folder DIR, and prints its URL
#          postgres.sh stop DIR      stops it and removes DIR
set -euo pipefail

if [[ $# -ne 2 || ! $1 =~ ^(start|stop)$ ]]; then
    echo "usage: $0 start|stop DIR" >&2
    exit 2
fi
dir=$2
bin=$(find /usr/lib/postgresql/*/bin -maxdepth 0 | sort --version-sort | tail -1)

# PostgreSQL does not run as root.
as_user() {
    if [[ $EUID -eq 0 ]]; then
        setpriv --reuid=postgres --regid=postgres --clear-groups -- "$@"
    else
        "$@"
    fi
}

case $1 in
    start)
        [[ $EUID -ne 0 ]] || chown postgres "$dir"
        cd "$dir"
        as_user "$bin/initdb" --pgdata=data --username=cardea --auth=trust --encoding=UTF8 --no-sync \
            --locale=C --locale-provider=icu --icu-locale=en-US >&2
        port=$(python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
        as_user "$bin/pg_ctl" start --pgdata=data --log=data/log --timeout=60 --options="-c port=$port \
            -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off -c full_page_writes=off" >&2
        echo "postgres://cardea@127.0.0.1:$port/postgres"
        ;;
    stop)
        cd "$dir"
        as_user "$bin/pg_ctl" stop --pgdata=data --mode=immediate --silent || true
        rm -rf "$dir"
        ;;
esac
