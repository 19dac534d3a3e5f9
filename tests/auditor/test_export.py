"""The document that leaves: its schema, its fingerprints, suppressions and the baseline."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from toolaudit import baseline, export, suppress
from toolaudit.baseline import BaselineError
from toolaudit.facts import Pragma
from toolaudit_reports.document import encode, json_schema
from toolaudit_reports.findings import collect

RMW = "r read file:{path} @4\n w write file:{path} @9 <- 0 data io"
TWO = f"add(path, text)\n {RMW}\n\nshow(path)\n r read file:{{path}} @14"


def test_the_document_keeps_to_its_schema(scan_of) -> None:
    text = f"{TWO}\n\nrun(c) opaque=shell unknown=f/unknown\n rw opaque subprocess:{{c}}\n\nchoose(x)\n w write memory:{{global.C}}\n\nuse()\n r read memory:{{global.C}}"
    document = export.draft(scan_of(text)).whole
    data = json.loads(encode(document))
    Draft202012Validator(json.loads(json_schema(type(document)))).validate(data)
    assert [t["name"] for t in data["tools"]] == ["add", "choose", "run", "show", "use"]
    assert data["summary"]["tools"] == 5


def test_a_tool_says_what_it_touches(scan_of) -> None:
    tool = export.draft(scan_of(TWO), lines=lambda file, line: f"    line {line}").whole.tools[0]
    use = tool.resources[0]
    assert (use.kind, use.key, use.access, use.windows, tool.class_, tool.rmw_kind) == (
        "file",
        "param:path",
        "rmw",
        ("io",),
        "read-modify-write",
        "in-place",
    )
    assert [(s.line, s.access, s.code) for s in use.chain] == [(4, "r", "line 4"), (9, "w", "line 9")]
    assert tool.atomic.line == 9


def test_equal_input_gives_equal_bytes(scan_of) -> None:
    assert encode(export.draft(scan_of(TWO)).whole) == encode(export.draft(scan_of(TWO)).whole)


def test_a_folded_finding_counts_once_with_its_conflicts(scan_of) -> None:
    document = export.draft(scan_of(TWO)).whole
    assert {f.fingerprint for f in document.findings if f.code in {"TA101", "TA102"}} <= {c.fingerprint for c in document.conflicts}
    assert len(collect(document)) == len(document.conflicts) + sum(f.code not in {"TA101", "TA102"} for f in document.findings)


def test_lines_around_the_evidence_travel_with_the_document(scan_of) -> None:
    document = export.draft(scan_of(TWO), lines=lambda file, line: f"{file} {line}" if line < 11 else "").whole
    assert sorted(document.sources["tools.py"]) == list(range(1, 11))


def test_fingerprints_survive_moved_lines_and_renamed_files(scan_of) -> None:
    moved = TWO.replace("@4", "@40").replace("@9", "@90")
    here, there = (export.draft(scan_of(text)).whole for text in (TWO, moved))
    assert [c.fingerprint for c in here.conflicts] == [c.fingerprint for c in there.conflicts]
    assert len({c.fingerprint for c in here.conflicts}) == len(here.conflicts)


def test_another_severity_or_none(scan_of) -> None:
    document = export.draft(scan_of(TWO), wanted=lambda code, severity: None if code == "TA101" else "note").whole
    assert {c.code for c in document.conflicts} == {"TA102"}
    assert {c.severity for c in document.conflicts} == {"note"}


COMMENTS = [
    ("on the access", Pragma(9, "ignore[lost-update] one process only"), {"TA101"}),
    ("by code", Pragma(9, "ignore[TA101]"), {"TA101"}),
    ("on the tool", Pragma(1, "ignore[lost-update, stale-read] fine"), {"TA101", "TA102"}),
    ("all rules", Pragma(9, "ignore"), {"TA101", "TA102"}),
    ("the whole file", Pragma(77, "ignore-file[stale-read] generated"), {"TA102"}),
    ("another rule", Pragma(9, "ignore[check-then-act]"), set()),
    ("another line", Pragma(50, "ignore[lost-update]"), set()),
    ("the line above, alone", Pragma(8, "ignore[lost-update]"), {"TA101"}),
    ("no rule of that name", Pragma(9, "ignore[lost-updat]"), set()),
]


@pytest.mark.parametrize(("pragma", "codes"), [c[1:] for c in COMMENTS], ids=[c[0] for c in COMMENTS])
def test_a_comment_suppresses(scan_of, pragma: Pragma, codes: set[str]) -> None:
    scan = scan_of(TWO, pragmas={"tools.py": (pragma,)})
    document = export.draft(scan, lines=lambda file, line: "# comment" if line == 8 else "code").whole
    assert {c.code for c in document.conflicts if c.suppressed} == codes
    assert {f.code for f in document.findings if f.suppressed and f.code in {"TA101", "TA102"}} == codes
    assert [s.used for s in document.suppressions] == [bool(codes)]


def test_a_comment_behind_code_says_nothing_of_the_next_line(scan_of) -> None:
    scan = scan_of(TWO, pragmas={"tools.py": (Pragma(8, "ignore[lost-update]"),)})
    assert not any(c.suppressed for c in export.draft(scan, lines=lambda file, line: "x = 1  # comment").whole.conflicts)


def test_the_reason_is_kept(scan_of) -> None:
    scan = scan_of(TWO, pragmas={"tools.py": (Pragma(9, "ignore[lost-update]: one process only"),)})
    shown = next(c for c in export.draft(scan).whole.conflicts if c.suppressed)
    assert shown.suppression is not None
    assert (shown.suppression.origin, shown.suppression.reason, shown.suppression.line) == ("comment", "one process only", 9)


def test_the_configuration_suppresses_by_file(scan_of) -> None:
    accepted = suppress.configured({"*.py": ("lost-update",)})
    document = export.draft(scan_of(TWO), accepted=accepted).whole
    assert {c.suppression.origin for c in document.conflicts if c.suppressed and c.suppression} == {"config"}


def test_the_baseline_accepts_what_is_known_and_names_what_is_gone(scan_of, tmp_path: Path) -> None:
    file = tmp_path / "baseline.json"
    baseline.write(file, export.draft(scan_of(TWO)).whole)
    first = file.read_bytes()
    baseline.write(file, export.draft(scan_of(TWO)).whole)
    assert file.read_bytes() == first
    known = baseline.read(file)
    again = export.draft(scan_of(TWO), baseline=("baseline.json", known)).whole
    assert all(c.suppressed for c in again.conflicts)
    less = export.draft(scan_of("sleep()"), baseline=("baseline.json", known)).whole
    assert less.baseline is not None
    assert set(less.baseline.expired) == set(known)


def test_a_new_conflict_is_not_in_the_baseline(scan_of, tmp_path: Path) -> None:
    file = tmp_path / "baseline.json"
    baseline.write(file, export.draft(scan_of(TWO)).whole)
    more = f"{TWO}\n\ndrop(path)\n w delete file:{{path}} atomic"
    document = export.draft(scan_of(more), baseline=("baseline.json", baseline.read(file))).whole
    assert {frozenset(c.tools_names) for c in document.conflicts if not c.suppressed} == {
        frozenset(p) for p in (("add", "drop"), ("drop", "show"))
    }


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read"),
        (b"[1]", "not a baseline"),
        (b"\xff", "not a baseline"),
        (b'{"version": 9, "entries": []}', "reads version 1"),
    ],
)
def test_a_bad_baseline_is_one_clear_line(tmp_path: Path, content: bytes | None, said: str) -> None:
    file = tmp_path / "baseline.json"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(BaselineError, match=said):
        baseline.read(file)


def test_a_baseline_that_cannot_be_written_leaves_nothing_behind(scan_of, tmp_path: Path) -> None:
    folder = tmp_path / "baseline.json"
    folder.mkdir()
    with pytest.raises(BaselineError, match="cannot be written"):
        baseline.write(folder, export.draft(scan_of(TWO)).whole)
    assert list(tmp_path.iterdir()) == [folder]
