"""What was shown is shown again from the cache: same bytes, without making the document, and not after anything changed."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from toolaudit import export, pipeline
from toolaudit.cli import main
from toolaudit_reports.render import json_v1

TOOLS = """
from fastmcp import FastMCP

mcp = FastMCP("t")
COUNT = 0


@mcp.tool
def count() -> int:
    \"\"\"Counts.\"\"\"
    global COUNT
    COUNT = COUNT + 1
    return COUNT
"""


@pytest.fixture
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TOOLAUDIT_CACHE_DIR", str(tmp_path / "cache"))
    file = tmp_path / "code" / "tools.py"
    file.parent.mkdir()
    file.write_text(TOOLS)
    old = time.time() - 60
    os.utime(file, (old, old))
    return file


def shown(capfd: pytest.CaptureFixture[str], *options: str) -> tuple[object, str]:
    with pytest.raises(SystemExit) as ended:
        main(["scan", "code", *options])
    return ended.value.code, capfd.readouterr().out


@pytest.mark.parametrize("many", [0, 5_000])
@pytest.mark.parametrize("options", [["--format", "json"], ["--format", "text"], ["--format", "json", "--output", "html=page.html"]])
def test_same_bytes_without_a_document(code, capfd, monkeypatch, options, many):
    monkeypatch.setattr(json_v1, "MANY", many)
    first = shown(capfd, *options)
    page = Path("page.html").read_bytes() if "html=page.html" in options else b""
    monkeypatch.setattr(pipeline, "_scanned", None)  # whoever makes a document now fails
    assert shown(capfd, *options) == first
    assert not page or Path("page.html").read_bytes() == page
    assert first[0] == 1


def test_a_large_document_is_one_line(code, capfd, monkeypatch):
    indented = shown(capfd, "--format", "json", "--no-cache")[1]
    monkeypatch.setattr(json_v1, "MANY", 0)
    line = shown(capfd, "--format", "json", "--no-cache")[1]
    assert line.count("\n") == 1 < indented.count("\n")
    assert json.loads(line) == {**json.loads(indented), "files": {"scanned": 1, "skipped": 0, "cached": 0}}


def test_options_and_changes_are_seen(code, capfd):
    assert shown(capfd)[0] == 1
    assert shown(capfd, "--exit-zero")[0] == 0
    assert shown(capfd, "--fail-on", "never")[0] == 0
    assert shown(capfd, "-q")[1].count("\n") < shown(capfd)[1].count("\n")
    code.write_text(TOOLS.replace("COUNT = COUNT + 1", "pass"))
    assert shown(capfd)[0] == 0


COUNTER = '@mcp.tool\ndef count_{n}() -> int:\n    """Counts."""\n    global COUNT\n    COUNT = COUNT + 1\n    return COUNT\n\n'


def test_a_text_makes_few_of_many_conflicts(code, capfd, monkeypatch):
    """Those that it tells, and one of each kind."""
    code.write_text(TOOLS + "".join(COUNTER.format(n=n) for n in range(12)))
    made: set[int] = set()
    make = export.Clashing.__getitem__
    monkeypatch.setattr(export.Clashing, "__getitem__", lambda self, number: made.add(number) or make(self, number))
    assert shown(capfd)[0] == 1
    few = len(made)
    conflicts = len(json.loads(shown(capfd, "--format", "json")[1])["conflicts"])
    assert 0 < few < conflicts / 5
    assert len(made) == conflicts


def uncached(document: str) -> str:
    return document.replace('"cached":1', '"cached":0')


def test_a_document_is_kept_once_it_is_shown(code, capfd, monkeypatch):
    """What shows texts alone keeps none: the next one who asks for it makes it of what was judged."""
    monkeypatch.setattr(json_v1, "MANY", 0)
    text, document = shown(capfd), shown(capfd, "--format", "json")
    assert uncached(document[1]) == shown(capfd, "--format", "json", "--no-cache")[1]
    code.write_text("\n" + code.read_text())
    want = shown(capfd, "--no-cache"), shown(capfd, "--format", "json", "--no-cache")[1]
    monkeypatch.setattr(pipeline, "_draft", None)  # whoever judges now fails
    moved = shown(capfd)
    assert (moved, uncached(shown(capfd, "--format", "json")[1])) == want
    assert moved != text


def test_a_text_is_moved_without_a_document(code, capfd, monkeypatch):
    monkeypatch.setattr(json_v1, "MANY", 0)
    before = shown(capfd)
    code.write_text("\n" + code.read_text())
    with monkeypatch.context() as guarded:
        guarded.setattr(pipeline, "_scanned", None)
        moved = shown(capfd)
    assert before != moved == shown(capfd, "--no-cache")
    assert uncached(shown(capfd, "--format", "json")[1]) == shown(capfd, "--format", "json", "--no-cache")[1]
