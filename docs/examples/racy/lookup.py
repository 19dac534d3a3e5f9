"""An HTTP lookup with a quota."""

import asyncio
import urllib.parse
import urllib.request

SERVICE = "http://127.0.0.1:8080/define/"
QUOTA = {"left": 100}


def fetch(term: str) -> str:
    with urllib.request.urlopen(SERVICE + urllib.parse.quote(term), timeout=10) as response:
        return response.read().decode()


async def look_up(term: str) -> str:
    """Define a term. Costs one request of the quota."""
    left = QUOTA["left"]
    if left == 0:
        return "the quota is used up"
    definition = await asyncio.to_thread(fetch, term)
    QUOTA["left"] = left - 1
    return definition
