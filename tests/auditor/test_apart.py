"""A large code base is read in a process of its own: the document is the same, and so it is where that process fails."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from toolaudit import apart, pipeline
from toolaudit.config import Config
from toolaudit.effects import summarise, values
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


def here(code: Path, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """By the scan itself."""
    with monkeypatch.context() as patch:
        patch.setattr(apart, "MANY", 1_000)
        return scanned(code, "here", patch, 2)


def test_the_document_is_the_same(code, walked, monkeypatch):
    stages: list[str] = []
    there = scanned(code, "apart", monkeypatch, 2, lambda stage, *_: stages.append(stage))
    assert walked == []
    assert {"finding tools", "following effects"} <= set(stages)
    assert here(code, monkeypatch) == there
    assert walked == ["counts.py", "notes.py"]


def test_one_job_is_one_process_that_works_while_the_scan_waits(code, walked, monkeypatch):
    there = scanned(code, "apart", monkeypatch, 1)
    assert walked == []
    assert here(code, monkeypatch) == there


def test_without_a_cache_no_process_could_leave_what_it_finds(code, walked, monkeypatch):
    monkeypatch.setattr(processes, "alone", lambda *_: pytest.fail("a process"))
    pipeline.scan(Request((code,), Config(jobs=1), use_cache=False))
    assert walked == ["counts.py", "notes.py"]


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
    assert there == here(code, monkeypatch)


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


STORE = HEAD + (
    "def change_{0}(name: str, text: str) -> str:\n    '''Changes.'''\n    items = load_{0}(name)\n    items[name] = text\n"
    "    save_{0}(items)\n    return text\n\n"
    "def load_{0}(name):\n    with open('{0}') as file:\n        return {{name: file.read()}}\n\n"
    "def save_{0}(items):\n    with open('{0}', 'w') as file:\n        file.write(str(items))\n"
)


def test_what_values_of_one_file_depend_on_is_let_go_before_the_next(tmp_path, monkeypatch):
    for name in ("one", "other"):
        (tmp_path / f"{name}.py").write_text(STORE.format(name))
    held: list[tuple[int, int]] = []
    unit = summarise._unit

    def watched(*given):
        before = values.one_of.cache_info().currsize
        try:
            return unit(*given)
        finally:
            held.append((before, values.one_of.cache_info().currsize))

    monkeypatch.setattr(summarise, "_unit", watched)
    pipeline.scan(Request((tmp_path,), Config(jobs=1), use_cache=False))
    assert len(held) == 2
    assert all(before == 0 < after for before, after in held)
