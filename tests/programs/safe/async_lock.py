"""asyncio.Lock held across the await, made at import on no loop at all."""

import asyncio

CART = {"items": 0}
LOCK = asyncio.Lock()


async def add_to_cart(n):
    async with LOCK:
        current = CART["items"]
        await asyncio.sleep(0.01)
        CART["items"] = current + n
    return "ok"


CALLS = [(add_to_cart, 1), (add_to_cart, 2), (add_to_cart, 3)]
