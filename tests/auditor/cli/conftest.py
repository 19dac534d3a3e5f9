"""The command line as a user meets it: in this process, from a folder of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from toolaudit.cli import main

NOTES = """
import json
import os

from mcp.server.fastmcp import FastMCP

mcp = FastMCP("notes")


@mcp.tool()
def add_note(text: str) -> str:
    with open("notes.json") as file:
        notes = json.load(file)
    notes.append(text)
    with open("notes.json", "w") as file:
        json.dump(notes, file)
    return "kept"


@mcp.tool()
def has_notes() -> bool:
    return os.path.exists("notes.json")
"""


class Said(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Said]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one file of two tools, which is also the working folder."""
    folder = tmp_path / "project"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "notes.py").write_text(NOTES)
    (folder / "pyproject.toml").write_text("[tool.toolaudit]\n")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return folder


@pytest.fixture
def run(project: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """`run("scan", "src")`: exit code, standard output and standard error."""

    def started(*words: str) -> Said:
        with pytest.raises(SystemExit) as ended:
            main(words)
        told = capsys.readouterr()
        return Said(int(ended.value.code or 0), told.out, told.err)

    return started
