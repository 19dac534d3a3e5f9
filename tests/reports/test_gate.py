"""The gate: every verdict with its exit code and its reason."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from toolaudit_reports.document import Baseline, EvidenceDocument, ScanDocument, Suppression
from toolaudit_reports.draft import of_document
from toolaudit_reports.gate import Gate, decide

replace = msgspec.structs.replace


def only(scan: ScanDocument, *severities: str) -> ScanDocument:
    """The scan with the entries of these severities alone."""
    return replace(
        scan,
        conflicts=tuple(conflict for conflict in scan.conflicts if conflict.severity in severities),
        findings=tuple(finding for finding in scan.findings if finding.severity in severities),
    )


CASES: list[tuple[tuple[str, ...], dict[str, Any], bool, int, str]] = [
    (("error", "warning", "note"), {}, False, 1, "6 errors (fails on error)"),
    (("error", "warning", "note"), {"fail_on": "warning"}, False, 1, "6 errors and 4 warnings (fails on warning)"),
    (("error", "warning", "note"), {"fail_on": "note"}, False, 1, "6 errors, 4 warnings and 4 notes (fails on note)"),
    (("error", "warning", "note"), {"fail_on": "never"}, True, 0, "14 findings, none that fails on never"),
    (("error", "warning", "note"), {"exit_zero": True}, False, 0, "6 errors (fails on error); exit code 0 as asked"),
    (("warning", "note"), {}, True, 0, "8 findings, none that fails on error"),
    (("note",), {"fail_on": "warning"}, True, 0, "4 findings, none that fails on warning"),
    (("note",), {"strict": True}, False, 4, "incomplete: 1 × tool whose effects could not be fully resolved"),
    (("note",), {"strict": True, "exit_zero": True}, False, 0, "incomplete: 1 × tool whose effects could not be fully"),
    ((), {}, True, 0, "nothing found that counts"),
    ((), {"strict": True}, True, 0, "nothing found that counts"),
]


@pytest.mark.parametrize(("kept", "options", "passed", "code", "reason"), CASES)
def test_verdicts(scan: ScanDocument, kept: tuple[str, ...], options: dict[str, Any], passed: bool, code: int, reason: str) -> None:
    gate = decide(only(scan, *kept), **options)
    assert gate == decide(only(scan, *kept), parts=of_document(only(scan, *kept)).parts, **options)
    assert (gate.passed, gate.exit_code) == (passed, code)
    assert gate.reason.startswith(reason)


def test_nothing_audited_is_never_a_pass(scan: ScanDocument) -> None:
    empty = replace(scan, tools=(), conflicts=(), findings=(), orderings=())
    assert decide(empty) == Gate(False, 3, "no tools found", decide(empty).counted, (), "error")
    assert decide(empty, fail_on="never").exit_code == 3
    assert decide(empty, exit_zero=True).exit_code == 0
    assert not decide(empty, exit_zero=True).passed


def test_a_skipped_file_is_incomplete(scan: ScanDocument) -> None:
    skipped = replace(only(scan), files=replace(scan.files, skipped=2))
    assert decide(skipped).exit_code == 0
    assert decide(skipped, strict=True).exit_code == 4
    assert decide(skipped, strict=True).incomplete == ("2 skipped files",)


def test_failing_outranks_incomplete(scan: ScanDocument) -> None:
    assert decide(scan, strict=True).exit_code == 1


def test_what_is_accepted_counts_the_same_with_and_without_parts(scan: ScanDocument) -> None:
    for origin in ("comment", "baseline"):
        done = accepted(scan, Suppression(origin=origin, reason="known"))
        assert decide(done) == decide(done, parts=of_document(done).parts)
        assert decide(done).counted != decide(scan).counted


def accepted(scan: ScanDocument, suppression: Suppression) -> ScanDocument:
    done = {"suppressed": True, "suppression": suppression}
    return replace(
        scan,
        conflicts=tuple(replace(conflict, **done) for conflict in scan.conflicts),
        findings=tuple(replace(finding, **done) for finding in scan.findings),
    )


def test_what_is_accepted_does_not_count(scan: ScanDocument) -> None:
    suppressed = decide(accepted(scan, Suppression(origin="comment", reason="known")), fail_on="note")
    assert (suppressed.passed, suppressed.counted.suppressed, suppressed.counted.errors) == (True, 15, 0)
    baseline = replace(accepted(scan, Suppression(origin="baseline")), baseline=Baseline(file="b.json", entries=15))
    gate = decide(baseline, fail_on="note")
    assert (gate.passed, gate.counted.baseline, gate.counted.suppressed) == (True, 15, 0)


def test_what_was_known_before_the_revision_does_not_count(scan: ScanDocument) -> None:
    old = replace(
        scan,
        since="main",
        conflicts=tuple(replace(conflict, new=False) for conflict in scan.conflicts[1:]) + scan.conflicts[:1],
        findings=tuple(replace(finding, new=False) for finding in scan.findings),
    )
    gate = decide(old, fail_on="note")
    assert gate.counted.known == 13
    assert (gate.counted.errors, gate.counted.warnings, gate.passed) == (0, 1, False)


def test_cleared_findings_do_not_count_and_confirmed_ones_do(scan: ScanDocument, evidence: EvidenceDocument) -> None:
    gate = decide(scan, evidence=[evidence])
    assert (gate.counted.cleared, gate.counted.confirmed) == (1, 1)
    assert (gate.counted.errors, gate.counted.warnings) == (6, 3)


def test_a_sample_that_found_nothing_clears_nothing(scan: ScanDocument, evidence: EvidenceDocument) -> None:
    sampled = replace(evidence, items=tuple(replace(item, exhausted=False) for item in evidence.items))
    assert decide(scan, evidence=[sampled]).counted.cleared == 0
