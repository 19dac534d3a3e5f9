"""TA902 `unresolved-effects`: a tool's effects could not be fully resolved."""

from __future__ import annotations

from collections.abc import Iterator

from toolaudit.model import Finding, Footprint, UnknownCall
from toolaudit.rules.judging import judged
from toolaudit.rules.registry import Rule
from toolaudit.verdicts.guessed import is_guess
from toolaudit.verdicts.profile import line_at
from toolaudit.verdicts.scan_model import ScanModel

RULE = Rule(
    code="TA902",
    name="unresolved-effects",
    severity="note",
    summary="a tool's effects could not be fully resolved",
    help="Annotate the receiver, add the API to a catalogue file, or declare it: # toolaudit: reads[…], writes[…] or pure.",
)


def check(scan: ScanModel) -> Iterator[Finding]:
    """Each tool with calls that could do something unseen; free shell, code or SQL is said as well."""
    for tool, footprint, verdict in judged(scan):
        calls = [c for c in footprint.unknown_calls if c.consequence != "ignored"] + guesses(footprint)
        if not calls:
            continue
        listed = ", ".join(dict.fromkeys(f"{c.callee} (line {line_at(c.place)}: {c.reason})" for c in calls[:3]))
        more = f" and {len(calls) - 3} more" if len(calls) > 3 else ""
        said = "its class is unknown" if verdict.tool_class == "unknown" else f"{verdict.tool_class} except for these"
        place = min(calls, key=lambda c: c.place).place
        message = f"{tool.name} calls what could not be resolved: {listed}{more}; {said}"
        yield Finding(RULE.code, RULE.severity, "high", (tool.id,), place, message, RULE.help)


def guesses(footprint: Footprint) -> list[UnknownCall]:
    """Accesses of unknown objects that were told from the name of a method alone."""
    weak = [a for a in footprint.accesses if is_guess(a) and a.chain]
    return [UnknownCall(a.resource.scope or "an unknown object", "told from a name", "may-write", a.chain[-1]) for a in weak]
