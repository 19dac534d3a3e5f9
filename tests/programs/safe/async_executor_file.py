"""One worker thread does load, change and save in one job."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

EVENTS = Path("events.json")
POOL = ThreadPoolExecutor(max_workers=1)


def prepare():
    EVENTS.write_text("[]")


def append(message):
    data = json.loads(EVENTS.read_text())
    data.append(message)
    EVENTS.write_text(json.dumps(data))


async def log_event(message):
    await asyncio.get_running_loop().run_in_executor(POOL, append, message)
    return "ok"


CALLS = [(log_event, "a"), (log_event, "b")]
