"""Runners in the scanned code."""

from __future__ import annotations

from pathlib import Path

import pytest

from toolaudit.project.local import open_project
from toolaudit.verdicts.dispatching import dispatch_sites

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
