"""Tools of one name are told apart by as little of their path as does it."""

from __future__ import annotations

import msgspec

from toolaudit_reports.document import ScanDocument
from toolaudit_reports.findings import collect
from toolaudit_reports.labels import labels
from toolaudit_reports.pairs import pair_text

replace = msgspec.structs.replace


def test_labels(scan: ScanDocument) -> None:
    def named(*places: str) -> list[str]:
        tools = [replace(scan.tools[0], id=f"{place}::f{n}", name="f", file=place) for n, place in enumerate(places)]
        return list(labels(tools).values())

    assert named("a/x.py") == ["f"]
    assert named("a/x.py", "b/y.py") == ["f (x.py)", "f (y.py)"]
    assert named("a/x.py", "b/x.py") == ["f (a/x.py)", "f (b/x.py)"]
    assert named("x.py", "a/x.py") == ["f (x.py)", "f (a/x.py)"]
    assert named("a/x.py", "a/x.py") == ["f (x.py)", "f (a/x.py::f1)"]


def test_two_tools_of_one_name_are_not_a_tool_against_itself(scan: ScanDocument) -> None:
    first, second = (
        replace(scan.tools[0], id="a/x.py::f", name="f", file="a/x.py"),
        replace(scan.tools[0], id="b/x.py::f", name="f", file="b/x.py"),
    )
    conflict = replace(scan.conflicts[0], tools=(first.id, second.id), tools_names=("f", "f"))
    (entry,) = collect(replace(scan, tools=(first, second), conflicts=(conflict,), findings=()))
    assert pair_text(entry.names) == "f (a/x.py) × f (b/x.py)"
