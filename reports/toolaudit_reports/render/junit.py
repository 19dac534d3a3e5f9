"""JUnit XML: each tool is a test case that fails when findings that fail the gate name it; one case is the gate.

A test case holds one failure: readers of the format (Jenkins, GitLab, Azure) drop further ones.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement, indent, tostring

from toolaudit_reports.document import Tool
from toolaudit_reports.findings import RANK, Entry
from toolaudit_reports.sanitise import xml_text
from toolaudit_reports.view import View


def write(view: View) -> str:
    """One suite. Tools that could not be fully read and fail nothing are skipped cases, never passed ones."""
    by_tool = _failing(view)
    suite = Element("testsuite", name="toolaudit")
    for tool in view.document.tools:
        _case(suite, tool, by_tool.pop(tool.id, []), view)
    for owner, entries in sorted(by_tool.items()):
        case = _add(suite, "testcase", classname=owner, name=entries[0].name)
        _failure(case, entries, view)
    _gate(suite, view)
    cases = suite.findall("testcase")
    counts = {
        "tests": len(cases),
        "failures": sum(case.find("failure") is not None for case in cases),
        "errors": 0,
        "skipped": sum(case.find("skipped") is not None for case in cases),
    }
    for name, number in counts.items():
        suite.set(name, str(number))
    suites = Element("testsuites", {name: str(number) for name, number in counts.items()})
    suites.append(suite)
    indent(suites, " ")
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(suites, encoding="unicode") + "\n"


def _failing(view: View) -> dict[str, list[Entry]]:
    """Tool id (or file, when no tool is named) → the entries that fail the gate, most severe first."""
    limit = -1 if view.gate.fail_on == "never" else RANK[view.gate.fail_on]
    found: dict[str, list[Entry]] = {}
    for entry in view.entries:
        proof = view.proof(entry)
        if entry.status != "open" or RANK[entry.severity] > limit or (proof and proof.state == "cleared"):
            continue
        for owner in sorted(set(entry.tools)) or [entry.file]:
            found.setdefault(owner, []).append(entry)
    return found


def _case(suite: Element, tool: Tool, entries: list[Entry], view: View) -> None:
    case = _add(suite, "testcase", classname=tool.file, name=tool.name, file=tool.file, line=str(tool.line))
    if entries:
        _failure(case, entries, view)
    elif view.overview.states[tool.id] == "unknown":
        _add(case, "skipped", message="could not be fully read")


def _failure(case: Element, entries: list[Entry], view: View) -> None:
    lead = entries[0]
    more = f" (and {len(entries) - 1} more)" if len(entries) > 1 else ""
    failure = _add(case, "failure", type=f"{lead.code} {lead.name}", message=lead.message + more)
    failure.text = xml_text("\n\n".join(_said(entry, view) for entry in entries))


def _said(entry: Entry, view: View) -> str:
    lines = [f"{entry.place}: {entry.severity}[{entry.name}] {entry.message}"]
    proof = view.proof(entry)
    if proof is not None:
        lines.append(f"proof: {proof.text}")
    if entry.help:
        lines.append(f"help: {entry.help}")
    return "\n".join(lines)


def _gate(suite: Element, view: View) -> None:
    case = _add(suite, "testcase", classname="toolaudit", name="gate")
    if not view.gate.passed:
        _add(case, "failure", type="gate", message=view.gate.reason)


def _add(parent: Element, tag: str, **attributes: str) -> Element:
    return SubElement(parent, tag, {name: xml_text(value) for name, value in attributes.items()})
