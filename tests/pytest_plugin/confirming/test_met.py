"""A finding is confirmed by a witness that touches what it names, by the names that scan and engine share."""

from __future__ import annotations

import pytest

from pytest_toolaudit.confirming.met import met
from toolaudit_reports.document import load_evidence

pytest_plugins = ["pytester"]


@pytest.mark.parametrize(
    ("kind", "key", "seen", "same"),
    [
        ("file", "notes.json", "file:notes.json", True),
        ("file", "notes.json", "file:data/notes.json", True),
        ("file", "notes.json", "file:my_notes.json", False),
        ("file", "notes.json", "memory:notes", False),
        ("file", "{env:HOME}/.notes/all.json", "file:.notes/all.json", True),
        ("file", "{env:HOME}/.notes/all.json", "file:.notes/tags.json", False),
        ("file", "{path}.json", "file:toolaudit.json", True),
        ("file", "/tmp/store/all.json", "file:store/all.json", True),
        ("file", "param:path", "file:toolaudit.json", True),
        ("dir", "{cwd}/.history", "file:.history/one.csv", True),
        ("memory", "NUMBERS[next]", "memory:NUMBERS[next]", True),
        ("memory", "NUMBERS[next]", "memory:NUMBERS[last]", False),
        ("memory", "NUMBERS[next]", "memory:ORDERS", False),
        ("memory", "NUMBERS[{name}]", "memory:NUMBERS[last]", True),
        ("memory", "self:notes[note_{?}]", "memory:cell:self.storage.notes[note_1]", True),
        ("memory", "self:tags", "memory:cell:self.storage.notes[note_1]", False),
        ("memory", "state:todos", "memory:cell:context.state[todos]", True),
        ("memory", "BOOKS[{name}]", "memory:<Workbook>", True),
        ("memory", "*", "memory:CACHE", True),
        ("sql", "accounts", "sql:accounts", True),
        ("sql", "accounts", "sql:orders", False),
        ("sql", "accounts", "sql:*", True),
        ("sql", "param:query", "sql:orders", True),
        ("env", "TOKEN", "env:OTHER", False),
        ("git", "param:repo", "file:.git/index", True),
        ("git", "param:repo", "file:toolaudit.json", False),
    ],
)  # fmt: skip
def test_names_of_the_scan_meet_names_of_the_engine(kind: str, key: str, seen: str, same: bool) -> None:
    assert met(kind, key, [seen]) is same
    assert met(kind, key, ["cwd:process", seen]) is same
    assert not met(kind, key, [])


TWO_RESOURCES = """
from pathlib import Path

from langchain_core.tools import tool

COUNT = {"n": 0}


@tool
def bump(text: str) -> int:
    "Count, and log it when a log is kept."
    n = COUNT["n"]
    COUNT["n"] = n + 1
    log = Path("log.txt")
    if text == "log":
        old = log.read_text() if log.exists() else ""
        log.write_text(old + text)
    return n
"""


def test_a_clash_elsewhere_confirms_nothing_about_a_resource_that_no_call_touched(pytester: pytest.Pytester) -> None:
    (pytester.path / "tools.py").write_text(TWO_RESOURCES)
    limits = ("--toolaudit-budget=60", "--toolaudit-seconds=300")
    pytester.inline_run("--toolaudit=tools.py", "--toolaudit-evidence=evidence.json", *limits, "-p", "no:cacheprovider")
    items = load_evidence((pytester.path / "evidence.json").read_bytes()).items
    verdicts = {item.resource.key: item for item in items if item.resource is not None and item.code == "TA101"}
    assert verdicts["COUNT[n]"].verdict == "confirmed"
    assert verdicts["log.txt"].verdict == "not-reproduced"
    assert not verdicts["log.txt"].exhausted
    assert "another clash was found, on memory:COUNT[n]" in verdicts["log.txt"].reason
