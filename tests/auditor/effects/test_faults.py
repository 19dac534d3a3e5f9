"""A fault of the analyzer costs the tool that it happens in, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from toolaudit import pipeline
from toolaudit.effects import entries
from toolaudit.request import Request

CODE = """
from mcp.server.fastmcp import FastMCP


def register(mcp: FastMCP):
    notes = {}

    @mcp.tool()
    def first(name: str) -> str:
        return notes.get(name, "")

    @mcp.tool()
    def second(name: str, text: str) -> None:
        notes[name] = text


register(FastMCP("notes"))
"""


def test_what_a_fault_left_half_done_is_not_used_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tools.py").write_text(CODE)
    real, asked = entries._closure, []

    def breaks_once(*args: Any) -> Any:
        asked.append(args)
        if len(asked) == 1:
            raise RuntimeError
        return real(*args)

    monkeypatch.setattr(entries, "_closure", breaks_once)
    tools = {tool.name: tool for tool in pipeline.scan(Request((tmp_path,), use_cache=False)).tools}
    assert tools["first"].class_ == "unknown"
    assert tools["second"].class_ == "write-only"
