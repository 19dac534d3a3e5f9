"""Functions that walk a structure by calling themselves with parts of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from toolaudit import pipeline
from toolaudit.request import Request

SOURCE = """
from typing import Any

from langchain_core.tools import tool


def parts(hint):
    return [*hint.left.members, *hint.right.members]


def reaches(hint, wanted, seen=()):
    if hint == wanted or (hint.kind == "union" and any(reaches(one, wanted, (*seen, hint)) for one in hint.members)):
        return True
    if hint.bound is not None and hint.kind == "bound" and reaches(hint.bound, wanted, (*seen, hint)):
        return True
    if hint.origin.kind == "left" and (reaches(hint.left, wanted) or any(reaches(one, wanted) for one in parts(hint))):
        return True
    return any(reaches(one, wanted, seen) for one in hint.constraints) or any(covers(one, wanted) for one in hint.values)


def covers(hint, wanted):
    if hint.kind == "open":
        return reaches(hint.inner, wanted) or covers(hint.outer, wanted) or covers(hint.right, wanted) or covers(hint.above, wanted)
    if hint.kind == "shut":
        return reaches(hint.beside, wanted) or covers(hint.back, wanted) or covers(hint.front, wanted)
    if hint.kind == "split":
        return covers(hint.upper, wanted) or covers(hint.lower, wanted) or reaches(hint.middle, wanted) or reaches(hint.edge, wanted)
    return reaches(hint.below, wanted)


@tool
def reach(hint: Any, wanted: str) -> bool:
    return reaches(hint, wanted)
"""


@pytest.mark.timeout(40)
def test_parts_of_parts_are_asked_for_within_a_bound(tmp_path: Path) -> None:
    """It takes a third of a second; without a bound each round asks for parts that lie one step deeper, and it takes a minute and more."""
    (tmp_path / "tools.py").write_text(SOURCE)
    (tool,) = pipeline.scan(Request((tmp_path,), use_cache=False)).tools
    assert tool.class_ == "pure"
