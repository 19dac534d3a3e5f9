"""The helper is a coroutine but never suspends, so nothing can come in between."""

import asyncio

CART = {"items": 0}


async def items():
    return CART["items"]


async def add_to_cart(n):
    current = await items()
    CART["items"] = current + n
    await asyncio.sleep(0)
    return "ok"


CALLS = [(add_to_cart, 1), (add_to_cart, 2)]
