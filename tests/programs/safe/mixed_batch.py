"""Both take the same threading lock for the update alone."""

import asyncio
import threading

QUOTA = {"left": 10}
LOCK = threading.Lock()


def spend(n):
    with LOCK:
        QUOTA["left"] = QUOTA["left"] - n
    return "ok"


async def spend_later(n):
    await asyncio.sleep(0)
    with LOCK:
        QUOTA["left"] = QUOTA["left"] - n
    return "ok"


CALLS = [(spend, 1), (spend_later, 2)]
