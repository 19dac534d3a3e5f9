"""What rules about single tools share: the tools with their footprints, findings at a tool or at an access."""

from __future__ import annotations

from collections.abc import Iterator

from toolaudit.model import Access, Confidence, Finding, Footprint, Place, Severity, Tool, Verdict
from toolaudit.rules.registry import Rule
from toolaudit.verdicts.profile import WRITES, is_own
from toolaudit.verdicts.scan_model import ScanModel

STRONG = frozenset({"proven", "typed", "catalogued"})


def judged(scan: ScanModel) -> Iterator[tuple[Tool, Footprint, Verdict]]:
    """Every tool with its footprint and verdict, in the scan's order."""
    yield from zip(scan.tools, scan.footprints, scan.verdicts, strict=True)


def counted_writes(footprint: Footprint) -> tuple[Access, ...]:
    """Writes that count for the class and are understood."""
    return tuple(a for a in footprint.accesses if a.mode in WRITES and not a.secondary and not is_own(a) and a.confidence in STRONG)


def at_tool(
    rule: Rule, tool: Tool, message: str, confidence: Confidence = "high", hint: str = "", severity: Severity | None = None
) -> Finding:
    """A finding at the line of the tool, or of the hint that declares it."""
    line = tool.declared_lines.get(hint, tool.line)
    place = Place(tool.file, line, tool.function)
    return Finding(rule.code, severity or rule.severity, confidence, (tool.id,), place, message, rule.help)


def at_access(rule: Rule, tool: Tool, access: Access, message: str, severity: Severity | None = None) -> Finding:
    """A finding at the line of an access, with its chain as evidence."""
    place = access.chain[-1] if access.chain else Place(tool.file, tool.line, tool.function)
    sure: Confidence = "high" if access.confidence in STRONG else "low"
    found = severity or rule.severity
    return Finding(rule.code, found, sure, (tool.id,), place, message, rule.help, ((access,),), access.resource)
