"""A witness confirms what its outcome leaves otherwise, and nothing that its calls only touch as well."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from pytest_toolaudit import call, explore
from pytest_toolaudit.confirming.holding import spelled_out
from pytest_toolaudit.confirming.otherwise import left_otherwise
from toolaudit_reports.document import load_evidence

pytest_plugins = ["pytester"]

LIMITED = """
from pathlib import Path

from langchain_core.tools import tool

USED = {"n": 0}
NOTES = Path("notes.txt")


def limit() -> None:
    n = USED["n"]
    USED["n"] = n + 1


@tool
def add_note(text: str) -> str:
    "Add."
    limit()
    with NOTES.open("a") as file:
        file.write(text)
    return "added"


@tool
def count_notes() -> int:
    "Count."
    limit()
    return NOTES.stat().st_size if NOTES.exists() else 0
"""


def test_a_lost_count_of_a_limiter_confirms_nothing_about_a_file(pytester: pytest.Pytester) -> None:
    (pytester.path / "tools.py").write_text(LIMITED)
    pytester.inline_run("--toolaudit=tools.py", "--toolaudit-evidence=evidence.json", "--toolaudit-seconds=60", "-p", "no:cacheprovider")
    items = load_evidence((pytester.path / "evidence.json").read_bytes()).items
    of_the_file = [item for item in items if item.resource is not None and item.resource.key == "notes.txt" and len(set(item.tools)) == 2]
    assert of_the_file
    assert {item.verdict for item in of_the_file} == {"not-reproduced"}
    assert any(item.resource is not None and item.resource.key == "USED[n]" and item.verdict == "confirmed" for item in items)


SEEN: list[str] = []
TOTAL = {"n": 0}
CURRENT = {"name": ""}
FILED: dict[str, str] = {}


def count(name: str) -> None:
    SEEN.append(name)
    n = TOTAL["n"]
    TOTAL["n"] = n + 1


def select(name: str) -> None:
    CURRENT["name"] = name


def file_away(text: str) -> None:
    FILED[CURRENT["name"]] = text


def test_only_what_is_lost_counts() -> None:
    verdict = explore([call(count, "a"), call(count, "b")])
    assert verdict.kind == "racy"
    assert set(left_otherwise(verdict)) == {"memory:TOTAL[n]"}


def test_what_was_read_before_something_was_written_elsewhere_counts() -> None:
    found = left_otherwise(explore([call(select, "a"), call(file_away, "b")]))
    assert "memory:CURRENT[name]" in found
    assert any(name.startswith("memory:FILED") for name in found)


class Box:
    def __init__(self) -> None:
        self.n = 0

    def add(self) -> None:
        n = self.n
        self.n = n + 1

    def close(self) -> None:
        self.n = 7


BOXES = [Box(), Box()]


def add_and_close() -> None:
    BOXES[0].add()
    BOXES[1].close()


def test_of_two_objects_that_go_by_one_name_each_counts() -> None:
    verdict = explore([call(add_and_close), call(add_and_close)])
    assert verdict.kind == "racy"
    assert left_otherwise(verdict) == ("memory:self:n",)


def test_an_attribute_of_the_tools_object_tells_the_path(tmp_path: Path) -> None:
    class Store:
        def __init__(self) -> None:
            self.notes_file, self.done_file, self.number = tmp_path / "notes.json", None, 3

        def add(self) -> None:
            """Add."""

    function = Store().add
    assert spelled_out("self:notes_file", [function], str(tmp_path)) == ("notes.json",)
    assert spelled_out("{self:notes_file}/../done.txt", [function], str(tmp_path)) == ("done.txt",)
    assert spelled_out("self:done_file", [function], str(tmp_path)) == ()
    assert spelled_out("self:number", [function], str(tmp_path)) == ("self:number",)
    assert spelled_out("self:else", [function], str(tmp_path)) == ("self:else",)
    assert spelled_out("notes.json", [SimpleNamespace], str(tmp_path)) == ("notes.json",)


def test_members_of_a_json_object_in_another_order_are_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    verdict = explore([call(keep, "a"), call(keep, "b")], runner="event-loop")
    assert verdict.kind == "order-dependent"
    assert not any(name.startswith("file:") for name in left_otherwise(verdict))


def keep(name: str) -> None:
    file = Path("kept.json")
    kept = json.loads(file.read_text()) if file.exists() else {}
    kept[name] = 1
    file.write_text(json.dumps(kept))


BOTH = LIMITED.replace(
    'with NOTES.open("a") as file:\n        file.write(text)',
    'old = NOTES.read_text() if NOTES.exists() else ""\n    NOTES.write_text(old + text)',
)


def test_the_search_goes_on_past_what_another_resource_lost(pytester: pytest.Pytester) -> None:
    assert BOTH != LIMITED
    (pytester.path / "tools.py").write_text(BOTH)
    pytester.inline_run("--toolaudit=tools.py", "--toolaudit-evidence=evidence.json", "--toolaudit-seconds=60", "-p", "no:cacheprovider")
    items = load_evidence((pytester.path / "evidence.json").read_bytes()).items
    of_the_file = [item for item in items if item.resource is not None and item.resource.key == "notes.txt" and item.code == "TA102"]
    assert of_the_file
    assert {item.verdict for item in of_the_file} == {"confirmed"}


def test_what_is_passed_over_is_shown_where_nothing_else_is_found() -> None:
    verdict = explore([call(count, "a"), call(count, "b")], counts=lambda outcome, serial: False)
    assert verdict.kind == "racy"
    assert verdict.witness is not None
