"""A large code base is read in a process of its own: the document is the same, and so it is where that process fails."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from toolaudit import apart, pipeline
from toolaudit.config import Config
from toolaudit.effects import summarise
from toolaudit.project import processes
from toolaudit.request import Request
from toolaudit_reports.document import encode

HEAD = "from fastmcp import FastMCP\n\nmcp = FastMCP('t')\n\n@mcp.tool\n"
TOOLS = {
    "notes.py": HEAD + "def note(text: str) -> str:\n    '''Notes.'''\n    open('notes', 'a').write(text)\n    return text\n",
    "counts.py": HEAD + "def count() -> int:\n    '''Counts.'''\n    global N\n    N = N + 1\n    return N\n\nN = 0\n",
    "broken.py": HEAD + "def broken(:\n",
}


@pytest.fixture
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(apart, "MANY", 1)
    (tmp_path / "code").mkdir()
    for name, text in TOOLS.items():
        (tmp_path / "code" / name).write_text(text)
        os.utime(tmp_path / "code" / name, (1, 1))
    return tmp_path / "code"


@pytest.fixture
def walked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files of the tools that this process walks."""
    seen: list[str] = []
    unit = summarise._unit

    def watched(project, catalogue, tools, *more):
        seen.extend(tool.file for tool in tools)
        return unit(project, catalogue, tools, *more)

    monkeypatch.setattr(summarise, "_unit", watched)
    return seen


def scanned(code: Path, cache: str, monkeypatch: pytest.MonkeyPatch, jobs: int, heard: pipeline.Report | None = None) -> bytes:
    monkeypatch.setenv("TOOLAUDIT_CACHE_DIR", str(code.parent / cache))
    return encode(pipeline.scan(Request((code,), Config(jobs=jobs)), heard))


def test_the_document_is_the_same(code, walked, monkeypatch):
    stages: list[str] = []
    there = scanned(code, "apart", monkeypatch, 2, lambda stage, *_: stages.append(stage))
    assert walked == []
    assert {"finding tools", "following effects"} <= set(stages)
    assert scanned(code, "here", monkeypatch, 1) == there
    assert walked == ["counts.py", "notes.py"]


def test_one_process_may_be_asked_for(code, walked, monkeypatch):
    monkeypatch.setattr(processes, "alone", lambda *_: pytest.fail("a process"))
    scanned(code, "here", monkeypatch, 1)
    assert walked


def test_what_is_remembered_needs_no_process(code, walked, monkeypatch):
    scanned(code, "apart", monkeypatch, 2)
    monkeypatch.setattr(processes, "alone", lambda *_: pytest.fail("a process"))
    (code / "counts.py").write_text("")
    assert b"count" not in scanned(code, "apart", monkeypatch, 2)
    assert walked == []


def ends(request, told):
    """A process that is killed."""
    os._exit(9)


def leaves(request, told):
    told.send(("finding tools", 0, 0))
    raise SystemExit(1)


@pytest.mark.parametrize("task", [ends, leaves])
def test_a_process_that_fails_leaves_the_work_to_the_scan(code, walked, monkeypatch, task):
    monkeypatch.setattr(apart, "_found", task)
    there = scanned(code, "apart", monkeypatch, 2)
    assert walked == ["counts.py", "notes.py"]
    assert there == scanned(code, "here", monkeypatch, 1)


def test_where_no_process_can_be_started_the_scan_does_the_work(code, walked, monkeypatch):
    def refused(self):
        raise OSError("no more processes")

    monkeypatch.setattr(processes._Process, "start", refused)
    assert scanned(code, "apart", monkeypatch, 2)
    assert walked == ["counts.py", "notes.py"]


def hangs(given, told):
    told.send(os.getpid())
    time.sleep(600)


def test_an_interrupt_ends_the_process_too():
    heard: list[int] = []

    def interrupted(told):
        heard.append(told)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        processes.alone(hangs, b"", interrupted)
    with pytest.raises(ProcessLookupError):
        os.kill(heard[0], 0)
