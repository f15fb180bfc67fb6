#!/usr/bin/env bash
# Generates, compiles and runs every client against a live server.
#
#   usage: run-all.sh BASE_URL TOKEN
set -uo pipefail

failed=()
for run in "$(dirname "$0")"/*/run.sh; do
    "$run" "$@" || failed+=("$(basename "$(dirname "$run")")")
done

if [[ ${#failed[@]} -gt 0 ]]; then
    echo "clients that failed: ${failed[*]}" >&2
    exit 1
fi
