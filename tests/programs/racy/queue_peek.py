"""Looks whether a queue of asyncio holds something, is interrupted, and takes it. Depth 1."""

import asyncio


class Jobs:
    waiting: asyncio.Queue = None


def prepare():
    Jobs.waiting = asyncio.Queue()
    Jobs.waiting.put_nowait("job")


async def take():
    if Jobs.waiting.empty():
        return "nothing to do"
    await asyncio.sleep(0)
    return Jobs.waiting.get_nowait()


EXPECTED = "racy"
RESOURCES = {"memory:self:waiting"}
CALLS = [(take,), (take,)]
