"""An await between read and write. Depth 1."""

import asyncio

CART = {"items": 0}


async def add_to_cart(n):
    current = CART["items"]
    await asyncio.sleep(0.01)
    CART["items"] = current + n
    return "ok"


EXPECTED = "racy"
RESOURCES = {"memory:CART[items]"}
CALLS = [(add_to_cart, 1), (add_to_cart, 2)]
