"""SARIF 2.1.0 as GitHub code scanning takes it: rules with help, a thread flow a call, fingerprints, suppressions.

Specification: OASIS Static Analysis Results Interchange Format 2.1.0, errata 01. Limits: GitHub shows 5 000 results a
run and 1 000 locations a thread flow (docs.github.com, "SARIF support for code scanning").
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from toolaudit_reports.document import Rule, Step
from toolaudit_reports.findings import Entry
from toolaudit_reports.pairs import pair_text
from toolaudit_reports.proofs import Proof
from toolaudit_reports.render.alerts import Alert, alerts
from toolaudit_reports.sanitise import plain
from toolaudit_reports.stories import resource_text
from toolaudit_reports.view import View

RESULTS, FLOW, RELATED, PAIRS = 5_000, 1_000, 20, 20
SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_PRECISION = {"high": "high", "medium": "medium", "low": "low"}

Json = dict[str, Any]


def write(view: View) -> str:
    """The log with one run; beyond 5 000 results the most severe are kept and a notification says how many are not."""
    found = alerts(view.entries)
    shown = found[:RESULTS]
    codes = sorted({rule.code for rule in view.document.rules} | {alert.lead.code for alert in shown})
    rules = _rules(view, shown, codes)
    index = {code: number for number, code in enumerate(codes)}
    run: Json = {
        "tool": {"driver": {"name": "toolaudit", "version": plain(view.document.version), "rules": rules}},
        "columnKind": "unicodeCodePoints",
        "automationDetails": {"id": "toolaudit/"},
        "invocations": [_invocation(view, len(found) - len(shown))],
        "results": [_result(alert, index[alert.lead.code], view) for alert in shown],
        "properties": {"gate": {"passed": view.gate.passed, "reason": plain(view.gate.reason)}},
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1, ensure_ascii=False) + "\n"


def _rules(view: View, shown: tuple[Alert, ...], codes: list[str]) -> list[Json]:
    known = {rule.code: rule for rule in view.document.rules}
    leads = {alert.lead.code: alert.lead for alert in reversed(shown)}
    return [_rule(code, known.get(code), leads.get(code)) for code in codes]


def _rule(code: str, rule: Rule | None, lead: Entry | None) -> Json:
    name = rule.name if rule else lead.name if lead else code
    level = rule.severity if rule else lead.severity if lead else "warning"
    short = rule.short if rule and rule.short else name
    out: Json = {
        "id": plain(code),
        "name": plain(name),
        "shortDescription": {"text": plain(short)},
        "defaultConfiguration": {"level": level},
        "properties": {"tags": ["concurrency", "agent-tools"], "problem.severity": _problem(level)},
    }
    if rule is not None and rule.help_markdown:
        out["fullDescription"] = {"text": plain(short)}
        out["help"] = {"text": plain(rule.help_markdown), "markdown": plain(rule.help_markdown)}
    if rule is not None and rule.help_uri:
        out["helpUri"] = rule.help_uri
    return out


def _problem(level: str) -> str:
    return "recommendation" if level == "note" else level


def _invocation(view: View, left_out: int) -> Json:
    said = [("warning", f"Incomplete: {text}") for text in view.gate.incomplete]
    if left_out:
        said.append(("warning", f"and {left_out} more results, none more severe than those listed"))
    notes = [{"level": level, "message": {"text": plain(text)}} for level, text in said]
    return {"executionSuccessful": True, "toolExecutionNotifications": notes}


def _result(alert: Alert, index: int, view: View) -> Json:
    lead = alert.lead
    out: Json = {
        "ruleId": plain(lead.code),
        "ruleIndex": index,
        "level": lead.severity,
        "message": {"text": _message(alert)},
        "locations": [_location(lead.file, lead.line, lead.column, lead.end_column)],
        "partialFingerprints": {"toolaudit/v1": plain(alert.fingerprint)},
        "properties": _properties(alert, view.proof(lead)),
    }
    related = _related(alert)
    if related:
        out["relatedLocations"] = related
    flows = _thread_flows(lead)
    if flows:
        out["codeFlows"] = [{"message": {"text": _flow_title(lead)}, "threadFlows": flows}]
    if lead.status in ("suppressed", "baseline"):
        out["suppressions"] = [_suppression(lead)]
    if lead.status in ("known", "baseline"):
        out["baselineState"] = "unchanged"
    return out


def _message(alert: Alert) -> str:
    return f"{alert.text}. Help: {plain(alert.lead.help)}" if alert.lead.help else alert.text


def _properties(alert: Alert, proof: Proof | None) -> Json:
    lead = alert.lead
    out: Json = {
        "precision": _PRECISION[lead.confidence],
        "tools": sorted({plain(name) for entry in alert.entries for name in entry.names}),
    }
    if lead.resource is not None:
        out["resource"] = plain(resource_text(lead.resource))
    if lead.pair:
        out |= {"when": plain(lead.when), "runners": [plain(runner) for runner in lead.runners], "latent": lead.latent}
        out["pairs"] = [pair_text(entry.names) for entry in alert.entries[:PAIRS]]
    if proof is not None:
        out["proof"] = plain(proof.text)
    return out


def _location(file: str, line: int, column: int | None = None, end: int | None = None, text: str = "", number: int | None = None) -> Json:
    """A physical location; a file as a whole has no region, a column only counts with its line."""
    physical: Json = {"artifactLocation": {"uri": quote(plain(file).replace("\\", "/").lstrip("/"), safe="/")}}
    if line > 0:
        region: Json = {"startLine": line}
        if column:
            region["startColumn"] = column
            if end and end > column:
                region["endColumn"] = end
        physical["region"] = region
    out: Json = {"physicalLocation": physical}
    if number is not None:
        out["id"] = number
    if text:
        out["message"] = {"text": plain(text)}
    return out


def _related(alert: Alert) -> list[Json]:
    """Every other place that the alert speaks of, each once."""
    seen = {(alert.lead.file, alert.lead.line)}
    places: list[Json] = []
    for entry in alert.entries:
        for name, chain in zip(entry.names, entry.evidence, strict=False):
            for step in chain:
                if step.access and (step.file, step.line) not in seen:
                    seen.add((step.file, step.line))
                    said = f"{name}: {step.note or step.code}"
                    places.append(_location(step.file, step.line, step.column, step.end_column, said, len(places)))
    return places[:RELATED]


def _thread_flows(entry: Entry) -> list[Json]:
    flows = []
    for number, chain in enumerate(entry.evidence):
        if chain:
            name = entry.names[number] if number < len(entry.names) else ""
            steps = [_flow_step(step) for step in chain[:FLOW]]
            flows.append({"id": f"{number + 1}", "message": {"text": plain(name) or "evidence"}, "locations": steps})
    return flows


def _flow_step(step: Step) -> Json:
    text = step.note or step.code
    out: Json = {"location": _location(step.file, step.line, step.column, step.end_column, text)}
    if step.access:
        out["importance"] = "essential"
    return out


def _flow_title(entry: Entry) -> str:
    return f"two calls in parallel: {pair_text(entry.names)}" if entry.pair else "how it comes to this"


def _suppression(entry: Entry) -> Json:
    held = entry.suppression
    out: Json = {"kind": "inSource" if held and held.origin == "comment" else "external", "status": "accepted"}
    if held and held.reason:
        out["justification"] = plain(held.reason)
    return out
