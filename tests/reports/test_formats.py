"""Formats that hosts read: what they say, and that they keep to the host's grammar and limits."""

from __future__ import annotations

import json
import re
from types import ModuleType
from typing import Any
from xml.etree import ElementTree

import msgspec
import pytest
from junitparser import Failure, JUnitXml, Skipped

from toolaudit_reports.document import EvidenceDocument, ScanDocument, Suppression
from toolaudit_reports.gate import decide
from toolaudit_reports.render import render

replace = msgspec.structs.replace


def sarif(scan: ScanDocument, **options: Any) -> dict[str, Any]:
    run: dict[str, Any] = json.loads(render("sarif", scan, **options))["runs"][0]
    return run


def test_sarif_has_a_rule_with_help_for_each_result(scan: ScanDocument) -> None:
    run = sarif(scan)
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        rule = rules[result["ruleIndex"]]
        assert rule["id"] == result["ruleId"]
        assert rule["help"]["markdown"].startswith("## What it does")


def test_sarif_gives_each_call_its_thread_flow(scan: ScanDocument) -> None:
    result = next(found for found in sarif(scan)["results"] if found["ruleId"] == "TA201")
    flows = result["codeFlows"][0]["threadFlows"]
    assert [flow["message"]["text"] for flow in flows] == ["fetch_profile", "open_session"]
    region = flows[0]["locations"][0]["location"]["physicalLocation"]["region"]
    assert region == {"startLine": 19, "startColumn": 15, "endColumn": 37}


def test_sarif_fingerprints_outlive_moved_lines_and_renamed_files(scan: ScanDocument) -> None:
    def prints(document: ScanDocument) -> set[str]:
        return {result["partialFingerprints"]["toolaudit/v1"] for result in sarif(document)["results"]}

    text = json.dumps(msgspec.to_builtins(scan)).replace("tools/notes.py", "tools/moved/notes2.py")
    text = re.sub(r'"line": (\d+)', lambda found: f'"line": {int(found[1]) + 7}', text)
    moved = msgspec.convert(json.loads(text), ScanDocument, strict=False)
    assert prints(moved) == prints(scan)
    results = sarif(scan)["results"]
    assert len(prints(scan)) == len(results)


def test_a_further_tool_leaves_the_other_alerts_as_they_were(many: ModuleType) -> None:
    def prints(document: ScanDocument) -> set[str]:
        return {result["partialFingerprints"]["toolaudit/v1"] for result in sarif(document)["results"]}

    assert prints(many.many(60)) <= prints(many.many(61)) | prints(many.many(60))
    assert len(prints(many.many(60)) - prints(many.many(72))) == 0


def test_sarif_says_what_is_suppressed_and_why(scan: ScanDocument) -> None:
    (result,) = [found for found in sarif(scan)["results"] if "suppressions" in found]
    assert result["suppressions"] == [{"kind": "inSource", "status": "accepted", "justification": "plugins are reviewed by hand"}]
    conflict = replace(scan.conflicts[0], suppressed=True, suppression=Suppression(origin="baseline"))
    (result,) = sarif(replace(scan, conflicts=(conflict,), findings=()))["results"]
    assert (result["suppressions"][0]["kind"], result["baselineState"]) == ("external", "unchanged")


def test_sarif_keeps_the_most_severe_5000(scan: ScanDocument) -> None:
    notes = tuple(replace(scan.findings[2], fingerprint=f"n{number}", line=number, severity="note") for number in range(1, 5_100))
    run = sarif(replace(scan, findings=notes, conflicts=scan.conflicts))
    assert len(run["results"]) == 5_000
    assert [result["level"] for result in run["results"][:3]] == ["error"] * 3
    said = run["invocations"][0]["toolExecutionNotifications"][-1]["message"]["text"]
    assert said == "and 106 more results, none more severe than those listed"


def test_sarif_paths_are_relative_uris(scan: ScanDocument) -> None:
    finding = replace(scan.findings[0], file="/tools/a b%20\\ü.py", line=0, column=None)
    (result,) = sarif(replace(scan, conflicts=(), findings=(finding,)))["results"]
    place = result["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": "tools/a%20b%2520/%C3%BC.py"}}


def test_sarif_rules_of_a_document_without_rules(scan: ScanDocument) -> None:
    rules = sarif(replace(scan, rules=()))["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["TA101", "TA102", "TA103", "TA201", "TA402", "TA502", "TA505", "TA902"]


def commands(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("::")]


def test_github_annotations(scan: ScanDocument) -> None:
    lines = render("github", scan).splitlines()
    assert lines[-1].startswith("toolaudit: Not safe to run in parallel")
    assert all(re.match(r"::(error|warning|notice) file=[^:]+,line=\d+", line) for line in lines[:-1])
    assert sum(line.startswith("::error ") for line in lines) == 4
    assert "%0AHelp: " in lines[0]


def test_github_keeps_to_ten_of_a_kind(scan: ScanDocument) -> None:
    findings = tuple(
        replace(scan.findings[0], fingerprint=f"f{number}", line=number, severity=severity)
        for number in range(1, 26)
        for severity in ("error", "warning", "note")[: 2 if number > 10 else 3]
    )
    lines = commands(render("github", replace(scan, conflicts=(), findings=findings)))
    kinds = [line.split()[0] for line in lines]
    # Findings of one place and fingerprint but another severity are alike; kinds are counted apart.
    assert max(kinds.count(kind) for kind in set(kinds)) == 10
    assert any(" more of severity error" in line for line in lines)


def test_github_escapes_data_and_properties(scan: ScanDocument) -> None:
    finding = replace(scan.findings[0], file="a,b:c%.py", message="one\r\ntwo % three", help="", name="x:y,z")
    (line,) = commands(render("github", replace(scan, conflicts=(), findings=(finding,))))
    assert "file=a%2Cb%3Ac%25.py" in line
    assert "title=x%3Ay%2Cz (" in line
    assert line.endswith("::one two %25 three")


def test_gitlab_issues(scan: ScanDocument) -> None:
    issues = json.loads(render("gitlab", scan))
    assert {issue["severity"] for issue in issues} == {"critical", "major", "info"}
    assert len({issue["fingerprint"] for issue in issues}) == len(issues)
    for issue in issues:
        assert set(issue) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert issue["location"]["lines"]["begin"] >= 1
        assert not issue["location"]["path"].startswith("/")
    assert not any("plugin.call" in issue["description"] for issue in issues), "suppressed findings are left out"


def test_junit_is_read_back(scan: ScanDocument, evidence: EvidenceDocument) -> None:
    gate = decide(scan, evidence=[evidence])
    suites = ElementTree.fromstring(render("junit", scan, gate=gate, evidence=[evidence]))
    (suite,) = suites
    cases = {case.get("name"): case for case in suite}
    assert set(cases) == {tool.name for tool in scan.tools} | {"gate"}
    failed = {name for name, case in cases.items() if case.find("failure") is not None}
    assert failed == {"transfer", "add_note", "delete_note", "fetch_profile", "open_session", "gate"}
    assert cases["run_hook"].find("skipped") is not None
    assert [suite.get(name) for name in ("tests", "failures", "skipped", "errors")] == ["10", "6", "1", "0"]
    assert "proof: confirmed" in (cases["add_note"].findtext("failure") or "")


def test_junit_is_read_back_by_a_parser_of_the_format(scan: ScanDocument) -> None:
    (suite,) = JUnitXml.fromstring(render("junit", scan).encode())
    assert (suite.tests, suite.failures, suite.skipped, suite.errors) == (10, 6, 1, 0)
    cases = {case.name: case for case in suite}
    assert {name for name, case in cases.items() if any(isinstance(one, Failure) for one in case.result)} >= {"add_note", "gate"}
    assert [type(one) for one in cases["run_hook"].result] == [Skipped]


def test_junit_follows_the_gate(scan: ScanDocument) -> None:
    def failures(**options: Any) -> str | None:
        return ElementTree.fromstring(render("junit", scan, gate=decide(scan, **options))).get("failures")

    assert failures(fail_on="never") == "0"
    assert failures(fail_on="warning") == "9"


def test_junit_findings_without_a_tool(scan: ScanDocument) -> None:
    unread = replace(scan.findings[0], code="TA901", name="unreadable-file", tools=(), file="tools/broken.py")
    suites = ElementTree.fromstring(render("junit", replace(scan, conflicts=(), findings=(unread,))))
    case = next(case for case in suites[0] if case.get("classname") == "tools/broken.py")
    assert case.get("name") == "unreadable-file"


def test_markdown_tells_what_a_change_suppresses(scan: ScanDocument) -> None:
    text = render("markdown", scan)
    assert text.startswith("## ❌ Not safe to run in parallel")
    assert "`tools/session.py:35` TA902: plugins are reviewed by hand" in text
    assert text.count("<details>") == text.count("</details>") == 9


@pytest.mark.parametrize("form", ["sarif", "github", "gitlab", "junit", "markdown"])
def test_alerts_grow_with_lines_not_with_pairs(form: str, many: ModuleType) -> None:
    document = many.many(120, per_store=120)
    assert len(document.conflicts) > 15 * len(document.tools)
    if form == "sarif":
        assert len(sarif(document)["results"]) < 2 * len(document.tools)
    assert len(render(form, document)) < 1_500_000
