"""TA402 `process-wide-state`: process-wide state is changed: working folder, environment, umask, locale, sys.path, signals, stdout."""

from __future__ import annotations

from collections.abc import Iterator

from toolaudit.model import Access, Finding
from toolaudit.rules.judging import at_access, counted_writes, judged
from toolaudit.rules.registry import Rule
from toolaudit.rules.stories import from_conflicts
from toolaudit.verdicts.keys import resource_text
from toolaudit.verdicts.scan_model import ScanModel

RULE = Rule(
    code="TA402",
    name="process-wide-state",
    severity="warning",
    summary="process-wide state is changed: working folder, environment, umask, locale, sys.path, signals, stdout",
    help="Pass the folder, the environment or the stream as an argument (cwd=, env=, stdout=), or do the work in a subprocess.",
)


PROCESS_WIDE = ("cwd", "umask", "locale", "sys.", "signal", "stdout", "stderr", "stdin", "random", "warnings", "pyplot")


def check(scan: ScanModel) -> Iterator[Finding]:
    """Each process-wide thing that a tool changes, and the tools that resolve relative paths beside a change of folder."""
    for tool, footprint, _ in judged(scan):
        seen: set[str] = set()
        for access in counted_writes(footprint):
            what = resource_text(access.resource)
            if process_wide(access) and what not in seen:
                seen.add(what)
                message = f"{tool.name} changes {what}, which every call of the process shares"
                yield at_access(RULE, tool, access, message)
    yield from from_conflicts(scan, RULE)


def process_wide(access: Access) -> bool:
    """The working folder, the environment, or a named setting of the interpreter."""
    if access.operation == "opaque":
        return False
    if access.resource.kind in {"cwd", "env"}:
        return not any(p.kind == "state" for p in access.resource.key)
    named = "".join(p.text for p in access.resource.key if p.kind == "literal").lower()
    return access.resource.kind == "other" and any(word in named for word in PROCESS_WIDE)
