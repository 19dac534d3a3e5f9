"""Prints frontrun's schedules per second, by the clock and by CPU: a process of its own, as it skips itself under pytest."""

import asyncio
import importlib.util
import sys
import time
from pathlib import Path

import frontrun
from frontrun._cooperative import patch_locks

patch_locks()
tool, state, count, mode = sys.argv[1:]
spec = importlib.util.spec_from_file_location("engine_programs", Path(__file__).with_name("engine_programs.py"))
module = importlib.util.module_from_spec(spec)
sys.modules["engine_programs"] = module
spec.loader.exec_module(module)
function = getattr(module, tool)
MODES = {
    "random": {"strategy": "random", "max_attempts": 200, "seed": 1, "total_timeout": 6},
    "default": {"strategy": "dpor", "max_executions": 200, "stop_on_first": False, "total_timeout": 6},
}
if asyncio.iscoroutinefunction(function):

    async def worker(box):
        await function()
else:

    def worker(box):
        function()


def setup():
    getattr(module, state)()
    return object()


async def wait(coroutine):
    return await coroutine


options = dict(MODES[mode])
if mode == "default" or not asyncio.iscoroutinefunction(function):
    options["reproduce_on_failure"] = 0


def explored(**more):
    found = frontrun.explore(setup=setup, workers=[worker] * int(count), invariant=lambda box: True, **{**options, **more})
    return asyncio.run(wait(found)) if asyncio.iscoroutine(found) else found


few = "max_attempts" if mode == "random" else "max_executions"
explored(**{few: 5})  # what it imports and builds once is no part of a schedule
began, spent = time.perf_counter(), time.process_time()
result = explored()
print(result.num_explored / (time.perf_counter() - began), result.num_explored / (time.process_time() - spent))
