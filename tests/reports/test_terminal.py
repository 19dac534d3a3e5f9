"""The text for people: complete, within the width, and short where there is much to say."""

from __future__ import annotations

import re
from types import ModuleType

import msgspec
import pytest

from toolaudit_reports.document import ScanDocument, Step
from toolaudit_reports.findings import collect
from toolaudit_reports.render import Options, render
from toolaudit_reports.snippets import marked_lines

replace = msgspec.structs.replace
# Locations, table cells and commands to copy are never broken.
UNBROKEN = re.compile(r"^\s*(-->|:::|next:|= (replay|fingerprint|help|proof))|  next: ")


@pytest.mark.parametrize("width", [60, 80, 100, 140])
def test_lines_keep_within_the_width(scan: ScanDocument, width: int) -> None:
    for line in render("text", scan, options=Options(width=width)).splitlines():
        assert len(line) <= width or UNBROKEN.search(line), line


def test_every_open_story_shows_both_sides_of_the_clash(scan: ScanDocument) -> None:
    text = render("text", scan)
    for part in (
        "reads here …",
        "… and writes back here",
        "open_session: puts the session here",
        "fetch_profile: falls",
    ):
        assert part in text
    assert "^" * len("NOTES.write_text(json.dumps(notes))") in text


def test_no_styles_without_color_and_some_with(scan: ScanDocument) -> None:
    assert "\x1b" not in render("text", scan)
    assert "\x1b[1;31m" in render("text", scan, options=Options(color=True))


def test_quiet_is_the_verdict(scan: ScanDocument) -> None:
    lines = render("text", scan, options=Options(quiet=True, width=200)).splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("Not safe to run in parallel: 8 of 9 tools clash; 1 could not be fully read (6 errors")
    assert lines[1] == "Gate failed: 6 errors (fails on error)."


def test_verbose_adds_accepted_findings_and_fingerprints(scan: ScanDocument) -> None:
    text = render("text", scan, options=Options(verbose=True))
    assert "warning[unresolved-effects] (suppressed): plugin.call" in text
    assert "plugins are reviewed by hand (comment)" in text
    assert scan.findings[0].fingerprint in text
    assert "run_hook: plugin.call (tools/session.py:35): param-untyped, may write" in text
    assert "(suppressed)" not in render("text", scan)


def test_verbose_shows_secondary_effects(scan: ScanDocument) -> None:
    tool = scan.tools[0]
    logs = replace(tool.resources[0], kind="file", key="log.txt", access="w", secondary=True)
    document = replace(scan, tools=(replace(tool, resources=(*tool.resources, logs)), *scan.tools[1:]))
    assert "secondary)" in render("text", document, options=Options(verbose=True, width=140))
    assert "log.txt" not in render("text", document)


def test_evidence_in_two_files_is_framed_by_file(scan: ScanDocument) -> None:
    here, there = (Step(file=f"tools/{name}.py", line=number, code="use()", access="w") for name, number in (("a", 5), ("b", 120)))
    conflict = replace(scan.conflicts[0], evidence=((here,), (there,)), message="both write")
    text = render("text", replace(scan, conflicts=(conflict,), findings=(), sources={}))
    assert "  5 | use()" in text
    assert "   ::: tools/b.py:120\n" in text
    assert "120 | use()" in text


def test_more_stories_than_fit_are_listed(scan: ScanDocument) -> None:
    findings = tuple(replace(scan.findings[0], code=f"TA{n:03}", name=f"rule-{n}", fingerprint=f"{n}", line=n) for n in range(1, 101))
    text = render("text", replace(scan, conflicts=(), findings=findings))
    assert text.count("  --> tools/accounts.py") == 20
    assert "tools/accounts.py:21:11: error[rule-21] transfer declares" in text
    assert "… and 20 more (--verbose frames all)" in text


def test_a_large_catalogue_stays_readable(many: ModuleType) -> None:
    document = many.many(500)
    text = render("text", document)
    assert text.count("\n") < 1200
    assert "313 more tools (--verbose lists all)" in text, "tools that differ in their names alone share a row"
    assert "tool_1 and 2 more" in text
    everything = render("text", document, options=Options(verbose=True))
    assert all(tool.name in everything for tool in document.tools)


def test_suppressions_and_baseline_are_told(scan: ScanDocument) -> None:
    text = render("text", scan)
    assert "tools/session.py:35: this change suppresses TA902: plugins are reviewed by hand" in text
    assert "tools/notes.py:1: suppression of TA301 no longer suppresses anything" in text
    assert "toolaudit-baseline.json: 1 entry no longer found" in text


def test_what_to_run_next(scan: ScanDocument) -> None:
    text = render("text", scan)
    assert "next: toolaudit confirm tools" in text
    clean = replace(scan, conflicts=(), findings=())
    assert "next: toolaudit graph tools" in render("text", clean)
    assert "next: toolaudit scan PATH" in render("text", replace(clean, tools=()))


def test_skipped_files_are_told(scan: ScanDocument) -> None:
    assert "note: 2 files not read" in render("text", replace(scan, files=replace(scan.files, skipped=2)))


LONG = "value = " + "load(" * 60 + "key" + ")" * 60


def entry_at(scan: ScanDocument, code: str, column: int | None, end: int | None) -> ScanDocument:
    step = Step(file="tools/x.py", line=7, code=code, access="w", note="here", column=column, end_column=end)
    conflict = replace(scan.conflicts[0], evidence=((step,), (step,)))
    return replace(scan, conflicts=(conflict,), findings=(), sources={"tools/x.py": {7: code}})


def test_long_lines_are_cut_around_the_mark(scan: ScanDocument) -> None:
    start = LONG.index("key") + 1
    text = render("text", entry_at(scan, LONG, start, start + 3), options=Options(width=80))
    code = next(line for line in text.splitlines() if "key" in line and " | " in line)
    assert len(code) <= 80
    mark = next(line for line in text.splitlines() if "^^^" in line)
    assert mark.index("^") == code.index("key")


@pytest.mark.parametrize(
    ("code", "column", "end", "start", "stop"),
    [
        ("x = 1", 1, 2, 0, 1),
        ("\tx = 1", 2, 3, 4, 5),
        ("    y", None, None, 4, 5),
        ("z", 9, 12, 0, 1),
        ("", 1, 2, 0, 1),
        ("a\tb\tc", 5, 6, 8, 9),
    ],
)
def test_marks_stand_under_what_they_mean(
    scan: ScanDocument, code: str, column: int | None, end: int | None, start: int, stop: int
) -> None:
    document = entry_at(scan, code, column, end)
    (line,) = marked_lines(collect(document)[0], document.sources)
    assert [(mark.start, mark.end) for mark in line.marks] == [(start, stop)]


def test_without_sources_the_code_of_the_step_is_shown(scan: ScanDocument) -> None:
    text = render("text", replace(scan, sources={}))
    assert "NOTES.write_text(json.dumps(notes))" in text
