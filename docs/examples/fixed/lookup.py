"""An HTTP lookup with a quota: a request is taken from the quota before anything is awaited."""

import asyncio
import urllib.parse
import urllib.request

SERVICE = "http://127.0.0.1:8080/define/"
QUOTA = {"left": 100}
QUOTA_LOCK = asyncio.Lock()


def fetch(term: str) -> str:
    with urllib.request.urlopen(SERVICE + urllib.parse.quote(term), timeout=10) as response:
        return response.read().decode()


async def look_up(term: str) -> str:
    """Define a term. Costs one request of the quota."""
    async with QUOTA_LOCK:
        if QUOTA["left"] == 0:
            return "the quota is used up"
        QUOTA["left"] -= 1
    return await asyncio.to_thread(fetch, term)
