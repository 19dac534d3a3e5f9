"""TA504 `false-parallel-safe`: declared parallel-safe, but it clashes with other calls."""

from __future__ import annotations

from collections.abc import Iterator

from toolaudit.model import Conflict, Finding
from toolaudit.rules.judging import at_tool, judged
from toolaudit.rules.registry import Rule
from toolaudit.verdicts.scan_model import ScanModel

RULE = Rule(
    code="TA504",
    name="false-parallel-safe",
    severity="error",
    summary="declared parallel-safe, but it clashes with other calls",
    help="Remove the flag or mark the tool sequential until the conflict is gone.",
)


SAFE = {"is_concurrency_safe": True, "independent": True, "allow_concurrent_invocation": True, "sequential": False}


def check(scan: ScanModel) -> Iterator[Finding]:
    """Tools whose flag lets calls overlap, with a race that was understood."""
    names = {tool.id: tool.name for tool in scan.tools}
    said = {tool.id: next((name for name, safe in SAFE.items() if tool.declared.get(name) is safe), None) for tool in scan.tools}
    races: dict[str, list[Conflict]] = {}
    for number in scan.conflicts.chosen(lambda said: said.kind == "race" and said.confidence != "low") if any(said.values()) else ():
        for identity in dict.fromkeys(scan.conflicts.tools(number)):
            if said.get(identity):
                races.setdefault(identity, []).append(scan.conflicts[number])
    for tool, _, _ in judged(scan):
        hint = said[tool.id]
        if hint is None or tool.id not in races:
            continue
        first = races[tool.id][0]
        with_whom = sorted({names[i] for c in races[tool.id] for i in c.tools if i != tool.id}) or ["itself"]
        message = f"{tool.name} is declared {hint}={tool.declared[hint]}, but races with {', '.join(with_whom[:3])}: {first.message}"
        yield at_tool(RULE, tool, message, first.confidence, hint, "warning" if first.latent else None)
