"""Conflicts and findings as one list of entries: what the gate counts and every renderer shows.

A conflict is a finding about a pair; a finding that repeats a conflict (same fingerprint, or same code about the same
tools with the same evidence) is that conflict and appears once.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Container, Iterable
from typing import Literal

import msgspec

from toolaudit_reports.clashes import Clashes, Listed, fingerprint, leading_step, place
from toolaudit_reports.document import (
    Confidence,
    Conflict,
    Finding,
    Resource,
    ScanDocument,
    Severity,
    Step,
    Suppression,
)
from toolaudit_reports.labels import labels

Status = Literal["open", "suppressed", "baseline", "known"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
RANK: dict[str, int] = {severity: rank for rank, severity in enumerate(SEVERITIES)}
CERTAINTY: dict[str, int] = {"high": 0, "medium": 1, "low": 2}


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong.

    `tools` are ids, the same id twice for a tool against itself; `pair` tells conflicts apart.
    """

    code: str
    name: str
    severity: Severity
    confidence: Confidence
    status: Status
    pair: bool
    tools: tuple[str, ...]
    names: tuple[str, ...]
    file: str
    line: int
    column: int | None
    end_column: int | None
    message: str
    help: str
    fingerprint: str
    evidence: tuple[tuple[Step, ...], ...]
    resource: Resource | None = None
    when: str = ""
    runners: tuple[str, ...] = ()
    latent: bool = False
    failure: str = ""
    order: bool = False
    suppression: Suppression | None = None
    fixable: bool = False

    @property
    def place(self) -> str:
        """`file:line:column`, as editors read it."""
        end = f":{self.column}" if self.column else ""
        return f"{self.file}:{self.line}{end}" if self.line else self.file


def standings(document: ScanDocument) -> Counter[tuple[str, Status, Severity, str]]:
    """How many entries of each code, status and severity `collect` would give, of which no run speaks: many a format shows none of them."""
    found: Counter[tuple[str, Status, Severity, str]] = Counter()
    for item in itertools.chain[Conflict | Finding](document.conflicts, single(document)):
        found[item.code, status(item.suppressed, item.suppression, item.new), item.severity, ""] += 1
    return found


def collect(document: ScanDocument) -> tuple[Entry, ...]:
    """Every conflict and finding once, most severe and most certain first, then by place."""
    rules = {rule.code: rule.name for rule in document.rules}
    names = labels(document.tools)
    entries = [from_conflict(conflict, names, rules) for conflict in document.conflicts]
    entries += [from_finding(finding, names, rules) for finding in single(document)]
    return tuple(sorted(entries, key=order))


def single(document: ScanDocument) -> list[Finding]:
    """The findings that repeat no conflict."""
    prints = {finding.fingerprint for finding in document.findings}
    known = {own for conflict in document.conflicts if (own := fingerprint(conflict)) in prints}
    return single_of(document.findings, Listed(document.conflicts), known)


def single_of(findings: Iterable[Finding], clashes: Clashes, known: Container[str]) -> list[Finding]:
    """The same; `known` are the fingerprints that findings share with conflicts."""
    left = [finding for finding in findings if finding.fingerprint not in known]
    said = [(finding.code, tuple(dict.fromkeys(finding.tools))) for finding in left]
    few = [(code, tools[0], tools[-1]) for code, tools in said if len(tools) in (1, 2)]
    about = {(code, pair) for code, one, other in few for pair in ((one, other), (other, one))}
    again = {_pair_key(clashes.code(n), clashes.tools(n), clashes.evidence(n)) for n in (clashes.between(about) if about else ())}
    return [finding for finding in left if _pair_key(finding.code, finding.tools, finding.evidence) not in again]


def is_open(entry: Entry) -> bool:
    """Whether the entry counts: not suppressed, not in the baseline, not known before the compared revision."""
    return entry.status == "open"


def rule_names(document: ScanDocument) -> dict[str, str]:
    """Code → stable name, from the document's rules and findings."""
    named = {finding.code: finding.name for finding in document.findings if finding.name}
    return named | {rule.code: rule.name for rule in document.rules}


def from_conflict(conflict: Conflict, names: dict[str, str], rules: dict[str, str]) -> Entry:
    """The entry of a conflict; `names`: tool id → label, `rules`: code → name."""
    first = leading_step(conflict.evidence)
    file, line = place(conflict.tools, conflict.evidence)
    return Entry(
        code=conflict.code,
        name=rules.get(conflict.code, conflict.code),
        severity=conflict.severity,
        confidence=conflict.confidence,
        status=status(conflict.suppressed, conflict.suppression, conflict.new),
        pair=True,
        tools=conflict.tools,
        names=_pair_names(conflict, names),
        file=file,
        line=line,
        column=first.column if first else None,
        end_column=first.end_column if first else None,
        message=conflict.message,
        help=conflict.help,
        fingerprint=fingerprint(conflict),
        evidence=conflict.evidence,
        resource=conflict.resource,
        when=conflict.when,
        runners=conflict.runners,
        latent=conflict.latent,
        failure=conflict.failure,
        order=conflict.kind == "order",
        suppression=conflict.suppression,
    )


def _pair_names(conflict: Conflict, names: dict[str, str]) -> tuple[str, ...]:
    """The labels of both tools; what the conflict itself calls them only where the document does not list them."""
    labelled = [names[tool] for tool in conflict.tools if tool in names]
    if len(labelled) == len(conflict.tools):
        return tuple(labelled)
    own = conflict.tools_names if len(conflict.tools_names) == len(conflict.tools) else ()
    called = own or tuple(_short(tool) for tool in conflict.tools)
    return tuple(names.get(tool, name) for tool, name in zip(conflict.tools, called, strict=True))


def from_finding(finding: Finding, names: dict[str, str], rules: dict[str, str]) -> Entry:
    """The same of a finding that repeats no conflict."""
    return Entry(
        code=finding.code,
        name=finding.name or rules.get(finding.code, finding.code),
        severity=finding.severity,
        confidence=finding.confidence,
        status=status(finding.suppressed, finding.suppression, finding.new),
        pair=False,
        tools=finding.tools,
        names=tuple(names.get(tool, _short(tool)) for tool in finding.tools),
        file=finding.file,
        line=finding.line,
        column=finding.column,
        end_column=finding.end_column,
        message=finding.message,
        help=finding.help,
        fingerprint=finding.fingerprint,
        evidence=finding.evidence,
        resource=finding.resource,
        suppression=finding.suppression,
        fixable=finding.fixable,
    )


def status(suppressed: bool, suppression: Suppression | None, new: bool) -> Status:
    if suppressed:
        return "baseline" if suppression and suppression.origin == "baseline" else "suppressed"
    return "open" if new else "known"


def order(entry: Entry) -> tuple[object, ...]:
    """Most severe and most certain first, then by place."""
    closed = 0 if entry.status == "open" else 1
    rank = RANK[entry.severity], entry.latent, CERTAINTY[entry.confidence]
    return (closed, *rank, entry.code, entry.file, entry.line, entry.tools, entry.fingerprint)


def _pair_key(code: str, tools: tuple[str, ...], evidence: tuple[tuple[Step, ...], ...]) -> str:
    places = [f"{step.file}:{step.line}" for chain in evidence for step in chain]
    return "\n".join([code, *sorted(set(tools)), *places]) if places else f"{code}\n{tools}\nno evidence"


def _short(tool: str) -> str:
    return tool.rpartition("::")[2] or tool
