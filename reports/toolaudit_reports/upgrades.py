"""What an upgrade of a framework changes (`--compare`), told in few lines: tools by how they run, pairs with all their clashes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from toolaudit_reports.document import MigrationRow, ScanDocument, Upgrade
from toolaudit_reports.pairs import pair_text


class Moved(msgspec.Struct, frozen=True):
    """Tools whose calls run in another way."""

    tools: tuple[str, ...]
    before: str
    after: str
    message: str


class Turned(msgspec.Struct, frozen=True):
    """A pair of tools, what it was and what it becomes; `clashes` are the rules' names with their resources."""

    tools: tuple[str, ...]
    before: str
    after: str
    clashes: tuple[str, ...]
    message: str


class Told(msgspec.Struct, frozen=True):
    """One upgrade in words. A pair that changes in several ways is told by the last of `safe`, `latent`, `live`."""

    title: str
    outcome: str
    remark: str
    moved: tuple[Moved, ...]
    turned: tuple[Turned, ...]


def upgrades(document: ScanDocument) -> tuple[Told, ...]:
    """Every upgrade that the scan was asked about, those that change nothing included."""
    asked = {(one.framework, one.old, one.new): one.remark for one in document.upgrades}
    asked |= {key: asked.get(key, "") for row in document.migration for key in [(row.framework, row.old, row.new)]}
    return tuple(_told(document, Upgrade(framework=f, old=old, new=new, remark=asked[f, old, new])) for f, old, new in sorted(asked))


def _told(document: ScanDocument, upgrade: Upgrade) -> Told:
    rows = [row for row in document.migration if (row.framework, row.old, row.new) == (upgrade.framework, upgrade.old, upgrade.new)]
    moved = tuple(_moved([row for row in rows if len(row.tools) == 1]))
    turned = tuple(sorted(_turned(document, [row for row in rows if len(row.tools) == 2]), key=_rank))
    own = sum(tool.framework == upgrade.framework for tool in document.tools)
    title = f"Upgrade of {upgrade.framework} from {upgrade.old} to {upgrade.new}"
    return Told(title, _outcome(upgrade.framework, own, moved, turned), upgrade.remark, moved, turned)


def _outcome(framework: str, own: int, moved: tuple[Moved, ...], turned: tuple[Turned, ...]) -> str:
    """In one clause: how much changes, or why nothing does."""
    if not moved and not turned:
        if own == 0:
            return f"changes nothing: no tool here is declared with {framework}"
        runs = "its one tool runs as before" if own == 1 else f"its {own} tools run as before"
        return f"changes nothing: {runs}, and no pair changes its verdict"
    count = sum(len(group.tools) for group in moved)
    tools = f"{count} of {own} tools run in another way" if count else "no tool runs in another way"
    pairs = {0: "no pair changes its verdict", 1: "1 pair changes its verdict"}.get(
        len(turned), f"{len(turned)} pairs change their verdict"
    )
    return f"{tools}, {pairs}"


def _moved(rows: list[MigrationRow]) -> Iterator[Moved]:
    groups: dict[tuple[str, str, str], list[str]] = {}
    for row in rows:
        groups.setdefault((row.before, row.after, row.message), []).append(row.tools[0])
    for (before, after, message), tools in groups.items():
        yield Moved(tuple(tools), before, after, message)


def _turned(document: ScanDocument, rows: list[MigrationRow]) -> Iterator[Turned]:
    names = {rule.code: rule.name for rule in document.rules}
    pairs: dict[tuple[str, ...], list[MigrationRow]] = {}
    for row in rows:
        pairs.setdefault(row.tools, []).append(row)
    for tools, changes in pairs.items():
        lead = max(changes, key=lambda row: _WEIGHT.get(row.after, 0))
        clashes = dict.fromkeys(_clash(row, names) for row in changes)
        yield Turned(tools, lead.before, lead.after, tuple(clashes), lead.message)


_WEIGHT = {"latent": 1, "live": 2}


def _rank(pair: Turned) -> tuple[int, tuple[str, ...]]:
    return -_WEIGHT.get(pair.after, 0), pair.tools


def _clash(row: MigrationRow, names: Mapping[str, str]) -> str:
    rule = names.get(row.code, row.code)
    return f"{rule} of {row.resource.kind}:{row.resource.key}" if row.resource is not None else rule


def pair_names(tools: tuple[str, ...], labels: Mapping[str, str]) -> str:
    """`add × list`, by the names that the tools are shown by."""
    return pair_text(tuple(labels.get(tool, tool) for tool in tools))
