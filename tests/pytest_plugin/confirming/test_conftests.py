"""What conftest.py files supply: hooks and fixtures, from the project's root down, wherever confirm is called from."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from pytest_toolaudit.confirming.conftests import conftests, project_root, spelled_as_fixture
from pytest_toolaudit.sandbox import RefusedError, Sandbox, paused
from toolaudit_reports.document import EvidenceDocument, load_evidence

NOTES = """
from pathlib import Path

from langchain_core.tools import tool


@tool
def add_note(path: str, text: str) -> None:
    "Add."
    file = Path(path)
    old = file.read_text() if file.exists() else ""
    file.write_text(old + text)
"""
STORE = """
import json
from pathlib import Path

from agno.tools import Toolkit


class NoteStore:
    def __init__(self, folder: Path, *, opened_by_its_owner: bool) -> None:
        if not opened_by_its_owner:
            raise RuntimeError("nobody may open it so")
        self.file = folder / "notes.json"


class Notes(Toolkit):
    def __init__(self, store: NoteStore) -> None:
        if not isinstance(store, NoteStore):
            raise TypeError("a store is wanted")
        self.store = store
        super().__init__(name="notes", tools=[self.add])

    def add(self, text: str) -> int:
        file = self.store.file
        notes = json.loads(file.read_text()) if file.exists() else []
        notes.append(text)
        file.write_text(json.dumps(notes))
        return len(notes)
"""
FIXTURES = """
import pytest


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "made_by_the_fixture.txt").write_text("")
    return tmp_path


@pytest.fixture
def note_store(folder):
    from tools import NoteStore

    return NoteStore(folder, opened_by_its_owner=True)
"""


def confirm(folder: Path, target: str) -> tuple[str, EvidenceDocument]:
    """What was printed, and the evidence."""
    command = [sys.executable, "-m", "toolaudit", "confirm", target, "--evidence", "evidence.json", "--seconds=10"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600)
    assert (folder / "evidence.json").exists(), done.stdout + done.stderr
    return done.stdout, load_evidence((folder / "evidence.json").read_bytes())


@pytest.mark.parametrize("mark", ["pyproject.toml", ".git", None])
def test_tools_elsewhere_have_their_own_conftest(tmp_path: Path, mark: str | None) -> None:
    project = tmp_path / "project"
    tools = project / "src" / "tools"
    tools.mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    if mark:
        (project / mark).touch()
    (tools / "notes.py").write_text(NOTES)
    hook = "def pytest_toolaudit_arguments():\n    return {'add_note': {'path': 'mine.json'}}\n"
    ((project if mark else tools) / "conftest.py").write_text(hook, encoding="utf-8")
    _, evidence = confirm(tmp_path / "elsewhere", str(tools))
    assert {call.arguments["path"] for item in evidence.items for call in item.calls} == {"'mine.json'"}


@pytest.mark.parametrize("at_hand", [True, False], ids=["called in the project", "called elsewhere"])
def test_a_fixture_supplies_an_object_and_the_verdict_says_so(tmp_path: Path, *, at_hand: bool) -> None:
    project, elsewhere = tmp_path / "project", tmp_path / "elsewhere"
    project.mkdir()
    elsewhere.mkdir()
    (project / "pyproject.toml").touch()
    (project / "tools.py").write_text(STORE)
    folder, target = (project, "tools.py") if at_hand else (elsewhere, str(project / "tools.py"))
    _, evidence = confirm(folder, target)
    assert {item.verdict for item in evidence.items} == {"cannot-run"}
    assert "a fixture `notes` in a conftest.py" in evidence.items[0].reason
    (project / "conftest.py").write_text(FIXTURES)
    text, evidence = confirm(folder, target)
    found = [item for item in evidence.items if item.verdict == "confirmed"]
    assert found, text


def test_the_root_is_the_projects_or_pytests_where_that_is_above(tmp_path: Path) -> None:
    tools = tmp_path / "project" / "src" / "tools"
    tools.mkdir(parents=True)
    (tmp_path / "project" / "setup.py").touch()
    assert project_root(tools) == tmp_path / "project"
    assert conftests([tools], tmp_path / "else") == [folder / "conftest.py" for folder in (tools.parents[1], tools.parent, tools)]
    assert conftests([tools], tools.parent) == [tools.parent / "conftest.py", tools / "conftest.py"]


def test_class_names_as_fixtures() -> None:
    assert spelled_as_fixture("NoteStore") == "note_store"
    assert spelled_as_fixture("HTTPClient") == "httpclient"


def test_a_pause_is_of_one_thread(tmp_path: Path) -> None:
    refused: list[str] = []

    def write(place: Path) -> None:
        try:
            place.write_text("x")
        except RefusedError as error:
            refused.append(str(error))

    with Sandbox(folders=(str(tmp_path / "inside"),)).entered(), paused():
        other = threading.Thread(target=write, args=(Path.home() / "toolaudit-must-not-write-here.txt",))
        other.start()
        other.join()
    assert len(refused) == 1
