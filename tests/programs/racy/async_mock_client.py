"""A client whose mock answers without suspending hides the race from a plain run. Depth 1."""

from unittest.mock import AsyncMock

PRICES = {"last": 0}
CLIENT = AsyncMock()
CLIENT.get.return_value = 5


async def track(n):
    last = PRICES["last"]
    price = await CLIENT.get("price")
    PRICES["last"] = last + price * n
    return "ok"


EXPECTED = "racy"
RESOURCES = {"memory:PRICES[last]"}
CALLS = [(track, 1), (track, 2)]
