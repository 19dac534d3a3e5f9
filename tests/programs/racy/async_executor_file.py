"""File input and output through an executor, as aiofiles does it. Depth 1."""

import asyncio
import json
from pathlib import Path

EVENTS = Path("events.json")


def prepare():
    EVENTS.write_text("[]")


async def in_thread(fn, *args):
    return await asyncio.get_running_loop().run_in_executor(None, fn, *args)


async def log_event(message):
    data = json.loads(await in_thread(EVENTS.read_text))
    data.append(message)
    await in_thread(EVENTS.write_text, json.dumps(data))
    return "ok"


EXPECTED = "racy"
RESOURCES = {"file:events.json"}
CALLS = [(log_event, "a"), (log_event, "b")]
