"""What a tool is said to touch: its effects, without settings, bookkeeping, look-ups of a handle and guesses."""

from __future__ import annotations

import pytest

from toolaudit.verdicts.keys import resource_text
from toolaudit.verdicts.listing import listed

CASES = [
    ("a folder made on the way to a read", "r read file:{path}\n w ensure dir:store secondary=ensure-folder", {"r file:param:path"}),
    (
        "a folder made for what is written",
        "w ensure dir:store secondary=ensure-folder\n w write file:store/{name}",
        {"w dir:store", "w file:store/{name}"},
    ),
    ("nothing but a folder", "w ensure dir:store secondary=ensure-folder", {"w dir:store"}),
    ("a handle looked up to be changed", "r read docker:{name}\n w update docker:{name}", {"w docker:param:name"}),
    (
        "a thing looked up to be made anew",
        "r read docker:{name}\n w delete docker:{name}\n w create docker:{name}",
        {"r docker:param:name", "w docker:param:name"},
    ),
    ("the receiver's own credentials", "r read file:{self.token}\n w append http:calendar", {"w http:calendar"}),
    ("an own file alone", "r read file:{self.notes}", {"r file:self:notes"}),
    ("a setting", "r read env:PROXY\n r read file:{path}", {"r file:param:path"}),
    ("a variable that the caller names", "r read env:{name}\n w write env:{name}", {"r env:param:name", "w env:param:name"}),
]


@pytest.mark.parametrize(("what", "does", "touched"), CASES, ids=[case[0] for case in CASES])
def test_listed(scan_of, what: str, does: str, touched: set[str]) -> None:
    scan = scan_of(f"tool(path, name)\n {does}")
    kept = listed(scan.tools, scan.footprints)[scan.tools[0].id]
    accesses = scan.footprints[0].accesses
    assert {f"{accesses[i].mode} {resource_text(accesses[i].resource)}" for i in kept} == touched


def test_an_own_file_that_another_tool_writes(scan_of) -> None:
    scan = scan_of("look(id)\n r read file:{self.notes}\n r read http:{id}\n\nnote(text)\n w write file:{self.notes}")
    kept = listed(scan.tools, scan.footprints)
    shown = {t.name: {resource_text(f.accesses[i].resource) for i in kept[t.id]} for t, f in zip(scan.tools, scan.footprints, strict=True)}
    assert shown["look"] == {"file:self:notes", "http:param:id"}
