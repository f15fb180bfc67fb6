#!/usr/bin/env bash
# Generates, compiles and runs every client against a live server: a line for each that passes; the first that fails is
# the last, with the end of what it printed.
#
#   usage: run-all.sh BASE_URL TOKEN
set -euo pipefail

for run in "$(dirname "$0")"/*/run.sh; do
    language=$(basename "$(dirname "$run")")
    start=$SECONDS
    if ! log=$("$run" "$@" 2>&1); then
        tail -n 60 <<<"$log" >&2
        echo "clients: $language: failed" >&2
        exit 1
    fi
    echo "clients: $language: ok ($((SECONDS - start)) s)"
done
