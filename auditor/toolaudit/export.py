"""Model → scan document: the only door out, and the only place that knows both."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from functools import partial

from msgspec.structs import replace

from toolaudit import __version__
from toolaudit.baseline import Entry, Prints, finding_fingerprints
from toolaudit.chains import Lines, no_lines, steps, tool_uses
from toolaudit.clashing import Clashing, Messages, shown
from toolaudit.model import Answer, Conflict, Finding, Footprint, Ordering, Severity, Tool, Verdict
from toolaudit.rules import findings as every_finding
from toolaudit.rules import page
from toolaudit.rules.registry import by_code
from toolaudit.rules.stories import by_story
from toolaudit.sources import around
from toolaudit.suppress import Suppressed, Suppression, suppress
from toolaudit.verdicts.listing import listed
from toolaudit.verdicts.scan_model import ScanModel
from toolaudit_reports import document as out
from toolaudit_reports.draft import Draft
from toolaudit_reports.findings import single_of
from toolaudit_reports.lines import Sentences
from toolaudit_reports.parts import kinds
from toolaudit_reports.summary import summary

FIXABLE = frozenset({"TA501", "TA502", "TA503", "TA504", "TA505"})
Leads = dict[tuple[str, tuple[str, ...], object], str]
"""Code, tools and evidence of a folded finding → the fingerprint of the conflict that leads it."""
Wanted = Callable[[str, Severity], Severity | None]


def as_found(code: str, severity: Severity) -> Severity | None:
    """The default policy: every code is reported with the severity it was found with."""
    return severity


def draft(
    scan: ScanModel,
    *,
    lines: Lines = no_lines,
    beside: Lines | None = None,
    said: Sentences | None = None,
    wanted: Wanted = as_found,
    accepted: tuple[Suppression, ...] = (),
    baseline: tuple[str, dict[str, Entry]] | None = None,
) -> Draft:
    """The document of one finished scan, its conflicts made as they are asked for.

    `lines` gives the text of a line of a file, `beside` those around what is shown; `said` takes the sentences that name lines, and what is
    shown of all but the conflicts; `wanted` says with which severity a code is reported, None for not at all; `accepted` are the suppressions
    of the configuration; `baseline` is the baseline's name and its entries. Equal input gives equal bytes.
    """
    conflicts = scan.conflicts.retold(wanted)
    scan = replace(scan, conflicts=conflicts, stories=by_story(conflicts))
    found = tuple(f for f in (_with_severity(f, wanted) for f in every_finding(scan)) if f is not None)
    settled = suppress(scan, found, accepted, lines)
    said = Sentences() if said is None else said
    prints = Prints(conflicts, scan.tools)
    clashes = Clashing(scan, prints, _states(settled, prints, baseline), lines)
    leads = _leads(scan, prints)
    findings = _findings(scan, found, settled, leads, baseline, lines, said)
    rest = out.ScanDocument(
        schema=out.SCHEMA,
        version=__version__,
        roots=scan.roots,
        runner=scan.runner,
        files=out.Files(scanned=scan.files.scanned, skipped=scan.files.skipped, cached=scan.files.cached),
        tools=_tools(scan, lines, said),
        conflicts=(),
        orderings=tuple(_ordering(o, said.plain("orderings", i, "message", o.message), lines) for i, o in enumerate(scan.orderings)),
        findings=findings,
        rules=_rules(conflicts.codes() | {f.code for f in findings}),
        notes=tuple(
            out.Note(kind=n.kind, message=n.message, framework=n.framework, file=n.file, line=n.line, source=n.source) for n in scan.notes
        ),
        suppressions=_suppressions(scan, settled),
        baseline=_baseline(baseline, {f.fingerprint for f in findings} | set(prints)) if baseline else None,
    )
    said.places = _places(rest, clashes.chains())
    rest = replace(rest, sources={file: around(file, said.places[file], beside or lines) for file in sorted(said.places)})
    alone, messages = single_of(findings, clashes, frozenset(leads.values())), Messages(said, findings, clashes)
    made = Draft(rest, clashes, alone, lambda: [*said.marked, *clashes.marked()], messages)
    made.rest = replace(rest, summary=summary(rest, len(clashes), kinds(made.parts)))
    return made


def _with_severity(item: Finding, wanted: Wanted) -> Finding | None:
    severity = wanted(item.code, item.severity)
    if severity is None or severity == item.severity:
        return None if severity is None else item
    return replace(item, severity=severity)


# --- tools -----------------------------------------------------------------------------------------------------------


def _tools(scan: ScanModel, lines: Lines, said: Sentences) -> tuple[out.Tool, ...]:
    touched = listed(scan.tools, scan.footprints)
    known = sorted(zip(scan.tools, scan.footprints, scan.verdicts, strict=True), key=lambda one: one[0].id)
    return tuple(_tool(t, f, v, touched[t.id], lines, partial(said.plain, "tools", i)) for i, (t, f, v) in enumerate(known))


def _tool(
    tool: Tool, footprint: Footprint, verdict: Verdict, touched: tuple[int, ...], lines: Lines, said: Callable[[str, str], str]
) -> out.Tool:
    return out.Tool(
        id=tool.id,
        name=tool.name,
        file=tool.file,
        line=tool.line,
        function=tool.function,
        framework=tool.framework,
        declared_by=tool.declared_by,
        async_=tool.is_async,
        runs=tool.runs,
        parameters=tuple(
            out.Parameter(name=p.name, annotation=p.annotation or None, required=p.required) for p in tool.parameters if not p.injected
        ),
        class_=verdict.tool_class,
        confidence=verdict.confidence,
        opaque=verdict.opaque,
        atomic=_answer(verdict.atomic, tool, partial(said, "atomic")),
        idempotent=_answer(verdict.idempotent, tool, partial(said, "idempotent")),
        independent=_answer(verdict.independent, tool, partial(said, "independent")),
        declared=dict(sorted(tool.declared.items())),
        resources=tool_uses(footprint, touched, lines),
        unknown_calls=tuple(
            out.UnknownCall(callee=c.callee, file=c.place.file, line=c.place.line, reason=c.reason, effect=c.consequence)
            for c in footprint.unknown_calls
            if c.consequence != "ignored" or verdict.tool_class == "unknown"
        ),
        kinds=(verdict.shape,) if verdict.shape else (),
        rmw_kind=verdict.shape,
        reason=said("reason", verdict.reason),
        description=tool.description,
        when={fact.parameter: fact.value for fact in tool.when},
        arguments_in=tool.arguments_in,
        generated=tool.generated,
        code=lines(tool.file, tool.line).strip(),
        calls_total=footprint.calls_total,
        calls_resolved=footprint.calls_resolved,
    )


def _answer(answer: Answer, tool: Tool, said: Callable[[str], str]) -> out.Answer:
    reason = said(answer.reason)
    if answer.place is None:
        return out.Answer(value=answer.value, reason=reason)
    elsewhere = answer.place.file if answer.place.file != tool.file else None
    return out.Answer(value=answer.value, reason=reason, line=answer.place.line, file=elsewhere)


# --- orderings -----------------------------------------------------------------------------------------------------------


def _resource(item: Conflict | Ordering | Finding) -> out.Resource:
    assert item.resource is not None
    return shown(item.resource)


def _ordering(ordering: Ordering, message: str, lines: Lines) -> out.Ordering:
    return out.Ordering(
        before=ordering.before,
        after=ordering.after,
        failure=ordering.failure,
        resource=_resource(ordering),
        message=message,
        code="TA201" if ordering.failure == "context dependency" else "TA202",
        evidence=tuple(steps(side, lines) for side in ordering.evidence),
    )


# --- findings --------------------------------------------------------------------------------------------------------


def _findings(
    scan: ScanModel,
    found: tuple[Finding, ...],
    settled: Suppressed,
    leads: Leads,
    baseline: tuple[str, dict[str, Entry]] | None,
    lines: Lines,
    said: Sentences,
) -> tuple[out.Finding, ...]:
    """The findings; one that folds conflicts carries the leading conflict's fingerprint, so that readers count it once."""
    own = finding_fingerprints(found, scan.tools)
    shown = []
    for i, finding in enumerate(found):
        print_ = leads.get((finding.code, finding.tools, finding.evidence), own[i])
        state = _state(settled.findings.get(i), print_, baseline)
        rule = by_code()[finding.code]
        shown.append(
            out.Finding(
                code=finding.code,
                severity=finding.severity,
                confidence=finding.confidence,
                tools=finding.tools,
                file=finding.place.file,
                line=finding.place.line,
                message=said.plain("findings", i, "message", finding.message),
                help=finding.help,
                fingerprint=print_,
                suppressed=state is not None,
                name=rule.name,
                evidence=tuple(steps(side, lines) for side in finding.evidence),
                suppression=state,
                fixable=finding.code in FIXABLE,
                resource=_resource(finding) if finding.resource is not None else None,
            )
        )
    return tuple(shown)


def _leads(scan: ScanModel, prints: Prints) -> Leads:
    """Code, tools and evidence of a folded finding → the fingerprint of the conflict that leads it."""
    stories = [(code, story) for code, some in (scan.stories or {}).items() for story in some]
    return {(code, story.tools, scan.conflicts.evidence(story.lead)): prints[story.lead] for code, story in stories}


def _state(suppression: Suppression | None, print_: str, baseline: tuple[str, dict[str, Entry]] | None) -> out.Suppression | None:
    """Why a finding does not count; None when it does."""
    if suppression is not None:
        return out.Suppression(
            origin="config" if suppression.origin == "config" else "comment",
            reason=suppression.reason,
            file=suppression.file,
            line=suppression.line,
            codes=suppression.codes,
        )
    if baseline is not None and print_ in baseline[1]:
        return out.Suppression(origin="baseline", reason="accepted in the baseline", file=baseline[0])
    return None


def _states(settled: Suppressed, prints: Prints, baseline: tuple[str, dict[str, Entry]] | None) -> Callable[[int], out.Suppression | None]:
    """Why the conflict of a number does not count."""
    if baseline is None and not settled.conflicts:
        return lambda number: None
    return lambda number: _state(settled.conflicts.get(number), prints[number], baseline)


def _suppressions(scan: ScanModel, settled: Suppressed) -> tuple[out.Suppression, ...]:
    """Every suppression that the scan met, those that suppress nothing marked so."""
    used = set(settled.findings.values()) | set(settled.conflicts.values())
    return tuple(
        out.Suppression(
            origin="config" if s.origin == "config" else "comment",
            reason=s.reason,
            file=s.file,
            line=s.line,
            codes=s.codes + s.unknown,
            used=s in used,
        )
        for s in sorted(used | set(settled.unused))
    )


def _baseline(baseline: tuple[str, dict[str, Entry]], found: set[str]) -> out.Baseline:
    name, entries = baseline
    return out.Baseline(file=name, entries=len(entries), expired=tuple(sorted(set(entries) - found)))


def _rules(codes: set[str]) -> tuple[out.Rule, ...]:
    known = by_code()
    return tuple(
        out.Rule(
            code=code, name=known[code].name, short=known[code].summary, help_markdown=page(known[code]), severity=known[code].severity
        )
        for code in sorted(codes)
        if code in known
    )


def _places(rest: out.ScanDocument, chains: Iterable[tuple[out.Step, ...]]) -> dict[str, set[int]]:
    """The lines of every tool and piece of evidence, by file; `chains` are those of the conflicts."""
    found: dict[str, set[int]] = {}
    every = itertools.chain(chains, (chain for f in rest.findings for chain in f.evidence))
    places = [(s.file, s.line) for chain in every for s in chain] + [(f.file, f.line) for f in rest.findings if f.line]
    for file, line in dict.fromkeys(places + [(t.file, t.line) for t in rest.tools]):
        found.setdefault(file, set()).add(line)
    return found
