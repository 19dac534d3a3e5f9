"""What is made up for tools of which nothing is known but their code: documents, repositories, arguments, ids."""

from __future__ import annotations

import asyncio
import datetime
import enum
import json
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import SimpleNamespace
from typing import Any, Literal, TypedDict

import pytest

from pytest_toolaudit.confirming.arguments import How, made_up, text
from pytest_toolaudit.confirming.documents import MAKERS, content, kind_of
from pytest_toolaudit.confirming.identities import identity, maker_of
from pytest_toolaudit.confirming.load import hands_back_coroutine
from pytest_toolaudit.confirming.repository import repository
from pytest_toolaudit.confirming.supplied import Supplied

STARTS = {"docx": b"PK", "xlsx": b"PK", "pptx": b"PK", "pdf": b"%PDF-", "png": b"\x89PNG", "db": b"SQLite format 3", "ipynb": b"{"}


@pytest.mark.parametrize("kind", MAKERS)
def test_a_document_is_a_real_one(kind: str) -> None:
    made = content(kind)
    if made is None:
        pytest.skip(f"the library for {kind} is not installed")
    assert made.startswith(STARTS.get(kind, b""))
    assert made == content(kind)


def test_the_database_has_a_table(tmp_path: Path) -> None:
    file = tmp_path / "one.db"
    file.write_bytes(content("db") or b"")
    assert sqlite3.connect(file).execute("SELECT name FROM alpha").fetchall() == [("one",)]


def test_a_branch_that_others_start_from_is_there() -> None:
    made = repository({})
    assert f".git/refs/heads/{text('base_branch')}" in made
    assert f".git/refs/heads/{text('branch')}" in made
    assert text("branch") != text("base_branch")


def _word(filename: str) -> str:
    "Adds to a Word document."
    return filename if filename.endswith(".docx") else f"{filename}.docx"


def _sheet(filepath: str) -> str:
    "Reads a worksheet of an Excel workbook."
    return filepath


@pytest.mark.parametrize(("function", "kind"), [(_word, "docx"), (_sheet, "xlsx")])
def test_the_kind_of_document_is_told_by_code_and_words(function: Callable[..., Any], kind: str) -> None:
    assert kind_of(function, _tool("t", "path")) == kind


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_the_repository_is_one_for_git(tmp_path: Path) -> None:
    files = {"one.txt": b"alpha\n", "two.json": b"[]"}
    for name, data in {**files, **repository(files)}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    for command, said in (
        ("fsck --strict", ""),
        ("status --porcelain", ""),
        ("log --format=%s", "alpha\n"),
        ("rev-parse --verify alpha", None),
    ):
        done = subprocess.run(["git", "-C", tmp_path, *command.split()], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        assert said is None or done.stdout == said


class Level(enum.Enum):
    LOW = "low"


@dataclass
class Point:
    x: int
    label: str = "p"


class Row(TypedDict):
    name: str
    at: Point


def _typed(
    level: Level, mode: Literal["add", "drop"], point: Point, rows: list[Row], day: datetime.date, weights: dict[str, float],
    pair: tuple[int, str], where: PurePosixPath, note: str | None = None, limit: int = 7,
) -> None: ...  # fmt: skip


def test_nested_arguments_fit_their_types() -> None:
    made = made_up(_typed, Supplied())
    assert made["level"] is Level.LOW
    assert made["mode"] == "add"
    assert made["rows"] == [{"name": "alpha", "at": Point(1)}]
    assert isinstance(made["day"], datetime.date)
    assert made["weights"] == {"alpha": 1.0}
    assert made["pair"] == (1, "alpha")
    assert made["note"] == "alpha"
    assert made["limit"] == 7


def _copy(source_filename: str, destination_filename: str, cell: str, sheet_name: str, folder: str) -> None: ...


def test_a_destination_is_not_the_source_and_calls_differ() -> None:
    first = made_up(_copy, Supplied(), how=How(kind="docx"))
    second = made_up(_copy, Supplied(), how=How(variant=1, kind="docx"))
    assert first == {
        "source_filename": "toolaudit.docx", "destination_filename": "toolaudit_new.docx", "cell": "A1", "sheet_name": "Sheet1", "folder": ".",
    }  # fmt: skip
    assert second["source_filename"] == "toolaudit1.docx"
    assert second["destination_filename"] == "toolaudit_new1.docx"


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ({"id": "n7", "title": "a"}, "n7"),
        ({"note": {"note_id": 4}}, 4),
        ('{"status": "ok", "id": 12}', 12),
        ("Created note with ID: abc-1", "abc-1"),
        ("stored as 1b4e28ba-2fa1-11d2-883f-0016d3cca427.", "1b4e28ba-2fa1-11d2-883f-0016d3cca427"),
        ("Added todo #3", "3"),
        (9, 9),
        ("done", None),
        (True, None),
    ],
)
def test_an_id_is_read_from_what_a_tool_answers(answer: Any, found: Any) -> None:
    assert identity(answer, "note_id") == found


def test_what_makes_a_thing_is_of_the_same_file_and_noun() -> None:
    tools = tuple(_tool(name, *parameters) for name, parameters in
                  {"add_note": ["text"], "add_tag": ["text"], "delete_note": ["note_id"], "update_note": ["note_id", "text"]}.items())  # fmt: skip
    found = maker_of("note_id", tools[2], tools)
    assert found is not None
    assert found.name == "add_note"
    assert maker_of("user_id", tools[2], tools) is None


class Store:
    def __init__(self, path: Path) -> None:
        self.path = path


def _with_store(store: Store, workbook_id: str) -> None: ...


def test_an_object_of_the_projects_own_class_is_made_and_an_id_is_no_file() -> None:
    made = made_up(_with_store, Supplied())
    assert isinstance(made["store"], Store)
    assert made["store"].path == Path("toolaudit.json")
    assert made["workbook_id"] == "alpha"


async def _real() -> int:
    return 1


def _handing_back() -> Any:
    return _real()


def _running() -> Any:
    return asyncio.run(_real())


def test_a_function_that_hands_back_a_coroutine_is_told_from_one_that_runs_it() -> None:
    assert hands_back_coroutine(_handing_back)
    assert not hands_back_coroutine(_running)
    assert not hands_back_coroutine(_real)
    assert not hands_back_coroutine(json.dumps)


def _tool(name: str, *parameters: str) -> Any:
    """As much of a scanned tool as is asked for."""
    named = [SimpleNamespace(name=parameter, required=True) for parameter in parameters]
    return SimpleNamespace(id=f"t.py::{name}", name=name, file="t.py", parameters=named, resources=())
