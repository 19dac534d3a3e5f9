"""`--compare mcp=1.30:2.3`: which tools run in another way after an upgrade, and which pairs change verdict with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from toolaudit.errors import ToolauditError
from toolaudit.frameworks.dispatch import compare, named, with_runs
from toolaudit.frameworks.schema import Framework
from toolaudit.frameworks.versions import Version, parsed
from toolaudit.model import Conflict
from toolaudit.request import Comparison
from toolaudit.verdicts.conflicts import conflicts
from toolaudit.verdicts.keys import key_text
from toolaudit.verdicts.scan_model import ScanModel
from toolaudit_reports.document import MigrationRow, Resource, ScanDocument, Upgrade

_RUNS = {
    "threads": "calls run in worker threads and interleave anywhere",
    "event-loop": "calls interleave only where they await",
    "serial": "calls run one by one",
    "processes": "calls run in processes of their own",
    "unknown": "how calls run is not known",
}
_RACE = {
    ("latent", "live"): "a race that could not happen now can",
    ("live", "latent"): "the race cannot happen any more",
    ("safe", "live"): "the pair races",
    ("safe", "latent"): "the pair would race under another runner",
    ("live", "safe"): "the pair is safe",
    ("latent", "safe"): "the pair is safe",
}
_ORDER = {
    ("latent", "live"): "calls do not keep their order any more, and it matters",
    ("live", "latent"): "calls keep their order from now on",
    ("safe", "live"): "the order of the calls matters",
    ("safe", "latent"): "the order of the calls would matter under another runner",
    ("live", "safe"): "the order of the calls does not matter any more",
    ("latent", "safe"): "the order of the calls does not matter any more",
}
Key = tuple[tuple[str, str], str, str, str, str]


def migrated(
    document: ScanDocument, scan: ScanModel, frameworks: Sequence[Framework], versions: Mapping[str, Version], wanted: Comparison
) -> ScanDocument:
    """The document with what an upgrade changes: tools first, then pairs, each sorted.

    Raises ToolauditError when there is no such framework.
    """
    try:
        framework = named(frameworks, wanted.framework)
    except ValueError as error:
        raise ToolauditError(f"--compare: {error}") from None
    remark = "; ".join(filter(None, (_unknown(framework, wanted.old), _unknown(framework, wanted.new))))
    upgrade = Upgrade(framework=framework.name, old=wanted.old, new=wanted.new, remark=remark)
    rows = [
        _row(upgrade, (change.tool,), change.before, change.after, message=_RUNS[change.after])
        for change in compare(scan.tools, frameworks, framework.name, wanted.old, wanted.new)
    ]
    before = _pairs(scan, framework, frameworks, {**versions, framework.name: Version(wanted.old, "--compare")})
    after = _pairs(scan, framework, frameworks, {**versions, framework.name: Version(wanted.new, "--compare")})
    for key in sorted(before.keys() | after.keys()):
        was, becomes = _state(before.get(key)), _state(after.get(key))
        if was != becomes:
            tools, code, kind, text, _ = key
            words = _RACE if (after.get(key) or before[key]).kind == "race" else _ORDER
            rows.append(_row(upgrade, tools, was, becomes, code, Resource(kind=kind, key=text), words[was, becomes]))
    return replace(document, upgrades=(upgrade,), migration=tuple(rows))


def _unknown(framework: Framework, version: str) -> str:
    """What is not known of a version."""
    wanted, newest, oldest = (parsed(text) for text in (version, framework.framework.newest, framework.framework.oldest))
    if wanted is not None and newest is not None and wanted > newest and wanted.release[: len(newest.release)] != newest.release:
        return f"{version} is newer than {framework.framework.newest}, whose behaviour is taken for it"
    if wanted is not None and oldest is not None and wanted < oldest:
        return f"{version} is older than {framework.framework.oldest}, the oldest version that is described"
    return ""


def _row(
    upgrade: Upgrade, tools: tuple[str, ...], before: str, after: str, code: str = "", resource: Resource | None = None, message: str = ""
) -> MigrationRow:
    return MigrationRow(
        framework=upgrade.framework, old=upgrade.old, new=upgrade.new, tools=tools, before=before, after=after,
        code=code, resource=resource, message=message,
    )  # fmt: skip


def _pairs(scan: ScanModel, framework: Framework, frameworks: Sequence[Framework], versions: Mapping[str, Version]) -> dict[Key, Conflict]:
    """Each clash under these versions; the tools of other frameworks run as they were found to."""
    own = {tool.id: tool for tool in with_runs([one for one in scan.tools if one.framework == framework.name], frameworks, versions)}
    tools = tuple(own.get(tool.id, tool) for tool in scan.tools)
    return {_key(c): c for c in conflicts(tools, scan.footprints, scan.verdicts)}


def _state(conflict: Conflict | None) -> str:
    return "safe" if conflict is None else "latent" if conflict.latent else "live"


def _key(conflict: Conflict) -> Key:
    return conflict.tools, conflict.code, conflict.resource.kind, key_text(conflict.resource), conflict.when
