"""Merging: the jobs of a matrix and the packages of a repository as one document, and nothing gets safer."""

from __future__ import annotations

import itertools

import msgspec
import pytest

from toolaudit_reports.document import Baseline, EvidenceDocument, ScanDocument, Suppression, encode
from toolaudit_reports.gate import decide
from toolaudit_reports.merge import NothingToMerge, merge_scans, split

replace = msgspec.structs.replace


def other_package(scan: ScanDocument) -> ScanDocument:
    """The same tools under another folder."""
    text = encode(scan).decode().replace("tools/", "more/").replace('"roots":["tools"]', '"roots":["more"]')
    for conflict in scan.conflicts:
        text = text.replace(conflict.fingerprint, "x" + conflict.fingerprint[1:])
    for finding in scan.findings:
        text = text.replace(finding.fingerprint, "y" + finding.fingerprint[1:])
    return msgspec.json.decode(text, type=ScanDocument)


def test_one_scan_is_itself(scan: ScanDocument) -> None:
    assert merge_scans([scan]) is scan


def test_equal_jobs_merge_to_the_same_findings(scan: ScanDocument) -> None:
    merged = merge_scans([scan, scan, scan])
    assert decide(merged) == decide(scan)
    assert {tool.id: tool for tool in merged.tools} == {tool.id: tool for tool in scan.tools}
    assert merged.files == scan.files
    assert merged.sources == scan.sources
    assert merged.summary == scan.summary


def test_packages_add_up(scan: ScanDocument) -> None:
    merged = merge_scans([scan, other_package(scan)])
    assert merged.roots == ("more", "tools")
    assert len(merged.tools) == 2 * len(scan.tools)
    assert len(merged.conflicts) == 2 * len(scan.conflicts)
    assert merged.files.scanned == 6
    assert decide(merged).counted.errors == 2 * decide(scan).counted.errors


def test_other_tools_below_roots_of_the_same_name_are_another_tree(scan: ScanDocument) -> None:
    other = replace(other_package(scan), roots=scan.roots)
    assert merge_scans([scan, other, scan]).files.scanned == 6


def test_the_order_of_the_scans_does_not_show(scan: ScanDocument) -> None:
    worse = replace(scan, tools=tuple(replace(tool, class_="unknown") for tool in scan.tools), runner="event-loop")
    parts = [scan, other_package(scan), worse]
    seen = {encode(merge_scans(order)) for order in itertools.permutations(parts)}
    assert len(seen) == 1


def test_nothing_gets_safer(scan: ScanDocument) -> None:
    quiet = replace(
        scan,
        conflicts=tuple(
            replace(c, suppressed=True, suppression=Suppression(origin="comment"), severity="note", latent=True, new=False)
            for c in scan.conflicts
        ),
        findings=tuple(replace(f, suppressed=True, severity="note", new=False) for f in scan.findings),
        tools=tuple(replace(tool, class_="pure") for tool in scan.tools),
    )
    for order in ([scan, quiet], [quiet, scan]):
        merged = merge_scans(order)
        assert decide(merged, fail_on="note").counted.errors == decide(scan, fail_on="note").counted.errors
        assert {tool.id: tool.class_ for tool in merged.tools} == {tool.id: tool.class_ for tool in scan.tools}
    both = merge_scans([quiet, quiet])
    assert decide(both, fail_on="note").passed
    assert all(conflict.suppression for conflict in both.conflicts)


def test_expired_means_expired_everywhere(scan: ScanDocument) -> None:
    one = replace(scan, baseline=Baseline(file="b.json", entries=3, expired=("a", "b")))
    two = replace(scan, baseline=Baseline(file="b.json", entries=3, expired=("b", "c")))
    merged = merge_scans([one, two, replace(scan, baseline=None)])
    assert merged.baseline == Baseline(file="b.json", entries=3, expired=("b",))
    assert merge_scans([replace(scan, baseline=None)] * 2).baseline is None


def test_a_suppression_used_anywhere_is_used(scan: ScanDocument) -> None:
    used = replace(scan, suppressions=tuple(replace(item, used=True) for item in scan.suppressions))
    assert all(item.used for item in merge_scans([scan, used]).suppressions)
    assert not all(item.used for item in merge_scans([scan, scan]).suppressions)


def test_conflicts_without_fingerprint_merge_by_what_they_are(scan: ScanDocument) -> None:
    bare = replace(
        scan,
        conflicts=tuple(replace(conflict, fingerprint="") for conflict in scan.conflicts),
        findings=tuple(replace(finding, fingerprint="") for finding in scan.findings),
    )
    merged = merge_scans([bare, bare])
    assert (len(merged.conflicts), len(merged.findings)) == (len(scan.conflicts), len(scan.findings))


def test_scans_and_evidence_are_told_apart(scan: ScanDocument, evidence: EvidenceDocument) -> None:
    assert split([evidence, scan, evidence]) == ((scan,), (evidence, evidence))
    with pytest.raises(NothingToMerge, match="no scan document"):
        merge_scans([])
