"""The Markdown cases of `tests/cases`: code, and what an expert says of it.

A case is a heading, a `python` fence and an `expect` fence. A line of the latter is `tool: class, shape, atomic, repeatable` (any part may be
left out; `not atomic`, `not repeatable`), or `tool + tool: race TA101 when always`, `order TA102`, `safe`.
"""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from toolaudit.request import Request
from toolaudit_reports.document import Conflict, Tool

CASES = Path(__file__).parents[2] / "cases"
CASE = re.compile(r"^## (?P<title>.+?)\n.*?^```python\n(?P<code>.*?)^```\n.*?^```expect\n(?P<expect>.*?)^```", re.DOTALL | re.MULTILINE)
FOUND = [(file.stem, m["title"], m["code"], m["expect"]) for file in sorted(CASES.glob("*.md")) for m in CASE.finditer(file.read_text())]

pytestmark = pytest.mark.skipif(importlib.util.find_spec("toolaudit.effects.summarise") is None, reason="effects are not merged yet")


@pytest.mark.parametrize(("code", "expect"), [c[2:] for c in FOUND], ids=[f"{c[0]}: {c[1]}" for c in FOUND])
def test_a_case(code: str, expect: str, tmp_path: Path) -> None:
    from toolaudit import pipeline

    (tmp_path / "tools.py").write_text(code)
    document = pipeline.scan(Request((tmp_path,), use_cache=False))
    tools = {tool.name: tool for tool in document.tools}
    for line in expect.strip().splitlines():
        who, _, said = line.partition(":")
        names = [name.strip() for name in who.split("+")]
        assert set(names) <= set(tools), f"{line}: found only {sorted(tools)}"
        if len(names) == 1:
            check_tool(tools[names[0]], said, line)
        else:
            check_pair([c for c in document.conflicts if sorted(c.tools) == sorted(tools[n].id for n in names)], said.strip(), line)


def check_tool(tool: Tool, said: str, line: str) -> None:
    truth = {
        tool.class_,
        tool.rmw_kind,
        f"{tool.confidence} confidence",
        ("" if tool.atomic.value else "not ") + "atomic",
        ("" if tool.idempotent.value else "not ") + "repeatable",
    }
    for word in (w.strip() for w in said.split(",")):
        assert word in truth, f"{line}\nthe scan says {sorted(truth)}: {tool.reason}; {tool.atomic.reason}; {tool.idempotent.reason}"


def check_pair(found: list[Conflict], said: str, line: str) -> None:
    shown = [f"{c.kind} {c.code} when {c.when}" for c in found]
    if said == "safe":
        assert not shown, f"{line}\nthe scan says {shown}"
        return
    assert any(text.startswith(said) for text in shown), f"{line}\nthe scan says {shown}"


def test_there_are_cases() -> None:
    assert len(FOUND) >= 1
    assert all("```" not in code for _, _, code, _ in FOUND)
