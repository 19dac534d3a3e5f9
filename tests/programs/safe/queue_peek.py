"""Takes it at once, or finds out that there is none."""

import asyncio


class Jobs:
    waiting: asyncio.Queue = None


def prepare():
    Jobs.waiting = asyncio.Queue()
    Jobs.waiting.put_nowait("job")


async def take():
    try:
        job = Jobs.waiting.get_nowait()
    except asyncio.QueueEmpty:
        return "nothing to do"
    await asyncio.sleep(0)
    return job


CALLS = [(take,), (take,)]
