"""`--compare mcp=1.30:2.3`: which tools run in another way after an upgrade, and which pairs change verdict with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from toolaudit.errors import ToolauditError
from toolaudit.frameworks.dispatch import compare, named, with_runs
from toolaudit.frameworks.schema import Framework
from toolaudit.frameworks.versions import Version
from toolaudit.model import Conflict
from toolaudit.request import Comparison
from toolaudit.verdicts.conflicts import conflicts
from toolaudit.verdicts.keys import key_text
from toolaudit.verdicts.scan_model import ScanModel
from toolaudit_reports.document import MigrationRow, Resource

_RUNS = {
    "threads": "its calls run in worker threads and interleave anywhere",
    "event-loop": "its calls interleave only where they await",
    "serial": "its calls run one by one",
    "processes": "its calls run in processes of their own",
    "unknown": "how its calls run is not known",
}
_BECOMES = {
    ("latent", "live"): "a clash that could not bite comes alive",
    ("live", "latent"): "the clash cannot bite any more",
    ("safe", "live"): "the pair clashes",
    ("safe", "latent"): "the pair would clash under another runner",
    ("live", "safe"): "the pair is safe",
    ("latent", "safe"): "the pair is safe",
}
Key = tuple[tuple[str, str], str, str, str, str]


def migration(
    scan: ScanModel, frameworks: Sequence[Framework], versions: Mapping[str, Version], wanted: Comparison
) -> tuple[MigrationRow, ...]:
    """The rows of the migration table: tools first, then pairs, each sorted.

    Raises ToolauditError when there is no such framework.
    """
    try:
        framework = named(frameworks, wanted.framework)
    except ValueError as error:
        raise ToolauditError(f"--compare: {error}") from None
    rows = [
        _row(wanted, (change.tool,), change.before, change.after, message=_RUNS[change.after])
        for change in compare(scan.tools, frameworks, framework.name, wanted.old, wanted.new)
    ]
    before = _pairs(scan, frameworks, {**versions, framework.name: Version(wanted.old, "--compare")})
    after = _pairs(scan, frameworks, {**versions, framework.name: Version(wanted.new, "--compare")})
    for key in sorted(before.keys() | after.keys()):
        was, becomes = before.get(key, "safe"), after.get(key, "safe")
        if was != becomes:
            tools, code, kind, text, _ = key
            rows.append(_row(wanted, tools, was, becomes, code, Resource(kind=kind, key=text), _BECOMES[was, becomes]))
    return tuple(rows)


def _row(
    wanted: Comparison, tools: tuple[str, ...], before: str, after: str, code: str = "", resource: Resource | None = None, message: str = ""
) -> MigrationRow:
    return MigrationRow(
        framework=wanted.framework, old=wanted.old, new=wanted.new, tools=tools, before=before, after=after,
        code=code, resource=resource, message=message,
    )  # fmt: skip


def _pairs(scan: ScanModel, frameworks: Sequence[Framework], versions: Mapping[str, Version]) -> dict[Key, str]:
    """Each clash with whether it is live or latent under these versions."""
    tools = with_runs(scan.tools, frameworks, versions)
    return {_key(c): "latent" if c.latent else "live" for c in conflicts(tools, scan.footprints, scan.verdicts)}


def _key(conflict: Conflict) -> Key:
    return conflict.tools, conflict.code, conflict.resource.kind, key_text(conflict.resource), conflict.when
