"""`--toolaudit-write-tests`: what confirm proves becomes a test file that fails alike, and passes once the tool is fixed."""

from __future__ import annotations

import re

import pytest

import pytest_toolaudit.confirm
import pytest_toolaudit.writing  # noqa: F401
import toolaudit.pipeline  # noqa: F401

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.timeout(180)

RACY = '''
import json, threading
from pathlib import Path
from langchain_core.tools import tool
LOCK = threading.Lock()
COUNTS = {}

@tool
def add_note(path: str, text: str) -> str:
    """Adds a note."""
    notes = json.loads(Path(path).read_text()) if Path(path).exists() else []
    notes.append(text)
    Path(path).write_text(json.dumps(notes))
    return "saved"

@tool
def count(key: str) -> None:
    """Counts."""
    COUNTS[key] = COUNTS.get(key, 0) + 1
'''
FIXED = re.sub(
    r'("""(?:Adds a note|Counts)\."""\n)((?:    .*\n)+)',
    lambda m: f"{m[1]}    with LOCK:\n" + re.sub("(?m)^", "    ", m[2]).rstrip(" "),
    RACY,
)


def test_written_tests(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(server=RACY)
    (pytester.mkpydir("langchain_core") / "tools.py").write_text("def tool(function):\n    return function\n")
    pytester.makeini("[pytest]\naddopts = -p no:cacheprovider -p no:hypothesispytest -p no:cov\n")
    first = pytester.runpytest_subprocess("--toolaudit=server.py", "--toolaudit-write-tests=kept")
    first.assert_outcomes(failed=2)
    files = sorted((pytester.path / "kept").iterdir())
    assert [file.name for file in files] == ["test_server_py_add_note_add_note_ta101.py", "test_server_py_count_count_ta101.py"]
    again = pytester.runpytest_subprocess("kept")
    again.assert_outcomes(failed=2)
    shown = re.compile(r"toolaudit\.replay_schedule\((['\"])(.*)\1\)")
    proved = {found[2] for found in shown.finditer(first.stdout.str())}
    assert proved == {found[2] for found in shown.finditer(again.stdout.str())}
    assert len(proved) == 2
    text = files[1].read_text()
    assert 'count = toolaudit.tool("server.py::count")' in text
    assert "⇄ preempted before line" in text
    compile(text, "kept", "exec")
    pytester.makepyfile(server=FIXED)
    pytester.runpytest_subprocess("kept").assert_outcomes(passed=2)


MODELS = '''
import json
from dataclasses import dataclass
from pathlib import Path
from langchain_core.tools import tool

@dataclass
class Note:
    path: str
    text: str

class Channel:
    """Where a run reports to."""
    def __init__(self, host):
        raise RuntimeError("no run")

@tool
def add(note: Note, channel: Channel) -> str:
    """Adds a note."""
    notes = json.loads(Path(note.path).read_text()) if Path(note.path).exists() else []
    Path(note.path).write_text(json.dumps([*notes, note.text]))
    return "saved"

@tool
def Add(note: Note) -> str:
    """Adds a note elsewhere."""
    count = int(Path("count").read_text()) if Path("count").exists() else 0
    Path("count").write_text(str(count + 1))
    return note.text
'''


def test_models_and_what_no_test_can_write_down_are_given_again(pytester: pytest.Pytester) -> None:
    """Tools whose names differ in their case only have files of their own."""
    pytester.makepyfile(server=MODELS)
    (pytester.mkpydir("langchain_core") / "tools.py").write_text("def tool(function):\n    return function\n")
    pytester.makeini("[pytest]\naddopts = -p no:cacheprovider -p no:hypothesispytest -p no:cov\n")
    pytester.runpytest_subprocess("--toolaudit=server.py", "--toolaudit-write-tests=kept").assert_outcomes(failed=2, passed=1)
    files = sorted((pytester.path / "kept").iterdir())
    assert len(files) == 2
    assert "**fitted(add, {'note': {'path': 'toolaudit" in "".join(file.read_text() for file in files)
    pytester.runpytest_subprocess("kept").assert_outcomes(failed=2)
