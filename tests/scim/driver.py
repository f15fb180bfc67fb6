"""Runs every check of scim2-tester. What is not a success is told, and fails."""

import sys
from collections import Counter

from httpx2 import Client
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server

base, token = sys.argv[1:]
http = Client(base_url=f"{base}/scim/v2", headers={"Authorization": f"Bearer {token}"}, timeout=30)
results = check_server(SyncSCIMClient(http))
for result in results:
    if result.status is not Status.SUCCESS:
        print(result.status.name, result.resource_type or "", result.title, result.reason, result.data, sep=" | ")
counts = Counter(result.status for result in results)
print(", ".join(f"{count} {status.name}" for status, count in counts.items()))
# Fewer would mean that what the server tells of itself was not understood.
sys.exit(counts[Status.SUCCESS] < 60 or counts[Status.SUCCESS] != len(results))
