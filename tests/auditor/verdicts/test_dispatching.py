"""Runners in the scanned code."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from toolaudit.model import Tool
from toolaudit.project.local import open_project
from toolaudit.verdicts.dispatching import dispatch_sites, told

CASES = [
    # body of `async def turn(reply)`, way, keeps failures, timeout, limit, lock, answers, ids
    ("for call in reply.tool_calls:\n        await run(call)", ("serial-await", False, False, False, False, False, False)),
    ("await asyncio.gather(*[run(c) for c in reply.tool_calls])", ("gather", False, False, False, False, False, False)),
    (
        "await asyncio.gather(*[run(c) for c in reply.tool_calls], return_exceptions=True)",
        ("gather", True, False, False, False, False, False),
    ),
    (
        "tasks = []\n    for call in reply.tool_calls:\n        tasks.append(asyncio.create_task(run(call)))\n    await asyncio.gather(*tasks)",
        ("tasks", False, False, False, False, False, False),
    ),
    ("await asyncio.gather(*[asyncio.wait_for(run(c), 5) for c in reply.tool_calls])", ("gather", False, True, False, False, False, False)),
    (
        "await asyncio.gather(*[run(b) for b in reply.content if b.type == 'tool_use'])",
        ("gather", False, False, False, False, False, False),
    ),
    (
        "for block in reply.content:\n        if block.type == 'tool_use':\n            out = await run(block)\n            yield {'type': 'tool_result', 'tool_use_id': block.id}",
        ("serial-await", False, False, False, False, True, True),
    ),
    (
        "async with asyncio.Semaphore(4), LOCK.lock:\n        await asyncio.gather(*[run(c) for c in reply.tool_calls])",
        ("gather", False, False, True, True, False, False),
    ),
]


@pytest.mark.parametrize(("body", "said"), CASES, ids=[str(i) for i in range(len(CASES))])
def test_a_runner(tmp_path: Path, body: str, said: tuple[object, ...]) -> None:
    (tmp_path / "agent.py").write_text(f"import asyncio\n\n\nasync def turn(reply):\n    {body}\n")
    [site] = dispatch_sites(open_project([tmp_path], {"bare": b"def "}))
    assert (site.way, site.keeps_failures, site.has_timeout, site.has_limit, site.has_lock, site.answers, site.matches_ids) == said


NONE = [
    "for item in reply.items:\n        await run(item)",
    "print(len(reply.tool_calls))",
    "await asyncio.gather(*[run(c) for c in reply.items])  # no tool_calls here",
]


@pytest.mark.parametrize("body", NONE)
def test_no_runner(tmp_path: Path, body: str) -> None:
    (tmp_path / "agent.py").write_text(f"import asyncio\n\n\nasync def turn(reply):\n    {body}\n")
    assert dispatch_sites(open_project([tmp_path], {"bare": b"def "})) == ()


def test_a_plain_function_runs_its_calls_in_turn(tmp_path: Path) -> None:
    (tmp_path / "agent.py").write_text("def turn(reply):\n    for call in reply.tool_calls:\n        run(call)\n")
    [site] = dispatch_sites(open_project([tmp_path], {"bare": b"def "}))
    assert (site.way, site.together, site.place.line, site.place.function) == ("serial", False, 2, "turn")


RUNNERS = [
    ("def turn(reply):\n    for call in reply.tool_calls:\n        run(call)\n", ("serial", "serial")),
    ("async def turn(reply):\n    for call in reply.tool_calls:\n        await run(call)\n", ("serial", "serial")),
    ("async def turn(reply):\n    for call in reply.tool_calls:\n        run(call)\n", ("serial", "serial")),
    ("async def turn(reply):\n    await asyncio.gather(*[run(c) for c in reply.tool_calls])\n", ("event-loop", "event-loop")),
    (
        "async def turn(reply):\n    async with asyncio.TaskGroup() as group:\n        for c in reply.tool_calls:\n            group.create_task(run(c))\n",
        ("event-loop", "event-loop"),
    ),
    (
        "async def turn(reply):\n    await asyncio.gather(*[asyncio.to_thread(run, c) for c in reply.tool_calls])\n",
        ("threads", "event-loop"),
    ),
    (
        "def turn(reply):\n    with ThreadPoolExecutor() as pool:\n        made = [pool.submit(run, c) for c in reply.tool_calls]\n",
        ("threads", "threads"),
    ),
    (
        "def turn(reply):\n    with ThreadPoolExecutor() as pool:\n        made = list(pool.map(run, reply.tool_calls))\n",
        ("threads", "threads"),
    ),
    (
        "def turn(reply):\n    with ProcessPoolExecutor() as pool:\n        made = [pool.submit(run, c) for c in reply.tool_calls]\n",
        ("processes", "processes"),
    ),
    ("def turn(reply):\n    return reply.tool_calls\n", ("unknown", "unknown")),
]


@pytest.mark.parametrize(("source", "runs"), RUNNERS, ids=[str(i) for i in range(len(RUNNERS))])
def test_tools_run_as_the_code_s_own_runner_starts_them(tmp_path: Path, source: str, runs: tuple[str, str]) -> None:
    (tmp_path / "agent.py").write_text(source)
    sites = dispatch_sites(open_project([tmp_path], {"bare": b"def "}))
    plain = Tool("t.py::f", "f", "t.py", 1, "f", "bare", "dispatch", is_async=False)
    tools = told([plain, replace(plain, is_async=True), replace(plain, framework="mcp", runs="threads")], sites, frozenset({"bare"}))
    assert tuple(tool.runs for tool in tools) == (*runs, "threads")


def test_the_runner_in_the_tool_s_own_file_counts(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text(RUNNERS[0][0])
    (tmp_path / "two.py").write_text(RUNNERS[6][0])
    sites = dispatch_sites(open_project([tmp_path], {"bare": b"def "}))
    here = [Tool(f"{file}::f", "f", file, 1, "f", "bare", "dispatch", is_async=False) for file in ("one.py", "two.py", "other.py")]
    assert [tool.runs for tool in told(here, sites, frozenset({"bare"}))] == ["serial", "threads", "threads"]
