"""The await comes first; from read to write nothing suspends."""

import asyncio

CART = {"items": 0}


async def add_to_cart(n):
    await asyncio.sleep(0.01)
    CART["items"] = CART["items"] + n
    return "ok"


CALLS = [(add_to_cart, 1), (add_to_cart, 2)]
