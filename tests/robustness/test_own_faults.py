"""A fault of the analyzer's own costs the verdict on one tool, and says so."""

from __future__ import annotations

from pathlib import Path

import pytest

import toolaudit
from toolaudit.effects import summarise

SOURCE = '''
from langchain_core.tools import tool


@tool
def odd(path: str) -> str:
    """Read a file."""
    return open(path).read()


@tool
def plain(path: str) -> str:
    """Read a file."""
    return open(path).read()
'''


def test_the_other_tools_are_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tools.py").write_text(SOURCE)
    walk = summarise.walk

    def faulty(world, tool):  # type: ignore[no-untyped-def]
        if tool.name == "odd":
            raise IndexError("list index out of range")
        return walk(world, tool)

    monkeypatch.setattr(summarise, "walk", faulty)
    document = toolaudit.scan([tmp_path], use_cache=False)
    odd, plain = sorted(document.tools, key=lambda one: one.name)
    assert (odd.class_, odd.confidence) == ("unknown", "low")
    assert any("IndexError in toolaudit: please report it" in call.callee for call in odd.unknown_calls)
    assert (plain.class_, plain.confidence) == ("read-only", "high")


def test_ways_that_multiply_from_helper_to_helper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of twelve helpers calls the next one 64 times: 2**72 calls, which no number of eight bytes counts."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    helpers = "".join(f"def step{n}(text):\n    return {' + '.join([f'step{n + 1}(text)'] * 64)}\n\n\n" for n in range(12))
    tool = "from langchain_core.tools import tool\n\n\n@tool\ndef climb(text: str) -> str:\n    return step0(text)\n"
    (tmp_path / "tools.py").write_text(f"{helpers}def step12(text):\n    return open(text).read()\n\n\n{tool}")
    (found,) = toolaudit.scan([tmp_path]).tools
    assert found.class_ == "read-only"
    assert found.calls_total > 1_000_000
