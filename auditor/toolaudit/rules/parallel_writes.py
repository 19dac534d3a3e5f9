"""TA306 `parallel-writes`: a runner starts writes in parallel without serialising them."""

from __future__ import annotations

from collections.abc import Iterator

from toolaudit.model import Finding
from toolaudit.rules.registry import Rule
from toolaudit.verdicts.scan_model import ScanModel

RULE = Rule(
    code="TA306",
    name="parallel-writes",
    severity="warning",
    summary="a runner starts writes in parallel without serialising them",
    help="Run clashing calls one after the other, under one lock for each resource that the finding names.",
)


def check(scan: ScanModel) -> Iterator[Finding]:
    """Runners that start all calls together beside tools that race. A runner beside tools of its own file runs those; another one, any."""
    sites = [site for site in scan.runners if site.together and not site.has_lock]
    races = scan.conflicts.pairs(lambda said: said.kind == "race" and said.confidence != "low") if sites else set()
    tools = {tool.id: tool for tool in scan.tools}
    for site in sites:
        folder = site.place.file.rpartition("/")[0]
        inside = {t.id for t in scan.tools if not folder or t.file.startswith(f"{folder}/")}
        near = tuple(sorted({t for pair in races if inside.issuperset(pair) for t in pair}))
        if near:
            clashing = sorted({tools[tool].name for tool in near})
            listed = ", ".join(clashing[:5]) + (f" and {len(clashing) - 5} more" if len(clashing) > 5 else "")
            message = f"{site.place.function} starts all calls of a turn together, though some tools clash: {listed}"
            yield Finding(RULE.code, RULE.severity, "medium", near, site.place, message, RULE.help)
