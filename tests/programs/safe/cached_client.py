"""The cache is asked under a lock."""

import functools
import threading

MADE = []
LOCK = threading.Lock()


@functools.cache
def get_client(region):
    MADE.append(region)
    return {"region": region, "number": len(MADE)}


def post(message):
    with LOCK:
        client = get_client("eu")
    return client["number"], len(message)


CALLS = [(post, "x"), (post, "y")]
