"""Files that are written while they are scanned: the document is that of the text that stands there at last; what never rests is listed."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from toolaudit import apart, pipeline
from toolaudit.config import Config
from toolaudit.request import Request
from toolaudit_reports.document import ScanDocument, encode

HEAD = "from fastmcp import FastMCP\n\nmcp = FastMCP('t')\n\n"
NOTE = "@mcp.tool\ndef note(text: str) -> str:\n    '''Notes.'''\n    open('notes', 'a').write(text)\n    return str(text)\n"
COUNT = "N = 0\n\n@mcp.tool\ndef count() -> int:\n    '''Counts.'''\n    global N\n    N = N + 1\n    return N\n"


@pytest.fixture
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TOOLAUDIT_CACHE_DIR", str(tmp_path / "cache"))
    folder = tmp_path / "code"
    folder.mkdir()
    (folder / "counts.py").write_text(HEAD + COUNT)
    (folder / "notes.py").write_text("\n" * 40 + HEAD + NOTE)
    return folder


def scanned(code: Path, during: Callable[[str], object] | None = None, jobs: int = 1, cached: bool = True) -> ScanDocument:
    """`during` hears of every stage."""
    heard: list[str] = []

    def progress(stage: str, done: int, total: int) -> None:
        if during is not None and (not heard or heard[-1] != stage):
            heard.append(stage)
            during(stage)

    return pipeline.scan(Request((code,), Config(jobs=jobs), use_cache=cached), progress)


def once(stage: str, change: Callable[[], object]) -> Callable[[str], object]:
    left = [change]
    return lambda heard: left.pop()() if heard == stage and left else None


@pytest.mark.parametrize("stage", ["finding tools", "following effects", "judging pairs"])
@pytest.mark.parametrize("cached", [True, False])
def test_a_file_that_changes_is_read_anew(code, stage, cached):
    new = HEAD + NOTE.replace("note", "jot")
    found = scanned(code, once(stage, lambda: (code / "notes.py").write_text(new)), cached=cached)
    assert [tool.name for tool in found.tools] == ["count", "jot"]
    assert encode(found) == encode(scanned(code, cached=cached))


def test_so_is_one_that_another_process_reads(code, monkeypatch):
    monkeypatch.setattr(apart, "MANY", 1)
    new = HEAD + NOTE.replace("note", "jot")
    found = scanned(code, once("finding tools", lambda: (code / "notes.py").write_text(new)), jobs=2)
    assert [tool.name for tool in found.tools] == ["count", "jot"]


def test_a_file_that_goes_away_is_gone(code):
    found = scanned(code, once("finding tools", (code / "notes.py").unlink))
    assert [tool.name for tool in found.tools] == ["count"]
    assert found.files.scanned == 1


def test_a_file_that_never_rests_is_listed_and_nothing_of_it_kept(code):
    numbers = itertools.count()
    found = scanned(code, lambda _: (code / "notes.py").write_text("\n" * next(numbers) + HEAD + NOTE))
    assert [tool.name for tool in found.tools] == ["count"]
    assert [(f.code, f.file, "changes while it is read" in f.message) for f in found.findings if f.file == "notes.py"] == [
        ("TA901", "notes.py", True)
    ]
    assert found.files.skipped == 1
    assert [tool.name for tool in scanned(code).tools] == ["count", "note"]
