"""Tools of one name are told apart by as little of their path as does it."""

from __future__ import annotations

import msgspec
import pytest

from toolaudit_reports.document import ScanDocument
from toolaudit_reports.findings import collect
from toolaudit_reports.labels import fitted, labels
from toolaudit_reports.pairs import pair_text

replace = msgspec.structs.replace


def test_labels(scan: ScanDocument) -> None:
    def named(*places: str) -> list[str]:
        tools = []
        for n, place in enumerate(places):
            file, _, line = place.partition(":")
            tools.append(replace(scan.tools[0], id=f"{file}::f{n}", name="f", file=file, line=int(line or 1)))
        return list(labels(tools).values())

    assert named("a/x.py") == ["f"]
    assert named("a/x.py", "b/y.py") == ["f (x.py)", "f (y.py)"]
    assert named("a/x.py", "b/x.py") == ["f (a/x.py)", "f (b/x.py)"]
    assert named("x.py", "a/x.py") == ["f (x.py)", "f (a/x.py)"]
    assert named("a/x.py:3", "a/x.py:9", "y.py:3") == ["f (x.py:3)", "f (x.py:9)", "f (y.py)"]
    assert named("a/x.py", "a/x.py") == ["f (a/x.py::f0)", "f (a/x.py::f1)"]


@pytest.mark.parametrize(
    ("label", "room", "shown"),
    [
        ("add_note", 8, "add_note"),
        ("add_many_notes", 8, "add_man…"),
        ("add (source/tools/one/notes.py)", 20, "add (…/one/notes.py)"),
        ("add_very_many_notes (notes.py:12)", 20, "add_very_m…es.py:12)"),
    ],
)
def test_what_tells_tools_apart_stays_when_a_label_is_fitted(label: str, room: int, shown: str) -> None:
    assert fitted(label, room) == shown
    assert len(shown) <= room


def test_two_tools_of_one_name_are_not_a_tool_against_itself(scan: ScanDocument) -> None:
    first, second = (
        replace(scan.tools[0], id="a/x.py::f", name="f", file="a/x.py"),
        replace(scan.tools[0], id="b/x.py::f", name="f", file="b/x.py"),
    )
    conflict = replace(scan.conflicts[0], tools=(first.id, second.id), tools_names=("f", "f"))
    (entry,) = collect(replace(scan, tools=(first, second), conflicts=(conflict,), findings=()))
    assert pair_text(entry.names) == "f (a/x.py) × f (b/x.py)"
