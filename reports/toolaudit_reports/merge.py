"""Several scans and confirm runs as one document: the jobs of a matrix, or the packages of a repository.

Nothing gets safer by merging: of two readings of one tool the worse is kept, a conflict is suppressed only where every
scan that has it says so, and evidence is matched finding by finding (see `proofs.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import msgspec

from toolaudit_reports.document import (
    Baseline,
    Conflict,
    Document,
    EvidenceDocument,
    Files,
    Finding,
    ScanDocument,
    Suppression,
    Tool,
    encode,
)
from toolaudit_reports.findings import RANK
from toolaudit_reports.summary import summarise

_CLASSES = {"unknown": 0, "read-modify-write": 1, "write-only": 2, "read-only": 3, "pure": 4}
COUNTED = ("scanned", "skipped", "cached")
Item = TypeVar("Item")


class NothingToMerge(ValueError):  # noqa: N818  (a user's mistake, not a failure)
    """There is no scan document among those given."""


def split(documents: Iterable[Document]) -> tuple[tuple[ScanDocument, ...], tuple[EvidenceDocument, ...]]:
    """Scans and evidence, each in the order given."""
    held = tuple(documents)
    scans = tuple(document for document in held if isinstance(document, ScanDocument))
    return scans, tuple(document for document in held if isinstance(document, EvidenceDocument))


def merge_scans(scans: Sequence[ScanDocument]) -> ScanDocument:
    """One scan document; a single one is returned as it is. Raises NothingToMerge for none."""
    if not scans:
        raise NothingToMerge("no scan document given; evidence alone cannot be reported")
    if len(scans) == 1:
        return scans[0]
    # Whichever of two equal claims is kept, it is the same one in whatever order the files were given.
    scans = sorted(scans, key=encode)
    runners = sorted({scan.runner for scan in scans})
    merged = ScanDocument(
        schema=scans[0].schema,
        version=max(scan.version for scan in scans),
        roots=tuple(sorted({root for scan in scans for root in scan.roots})),
        runner=runners[0] if len(runners) == 1 else ", ".join(runners),
        files=_files(scans),
        tools=_united((tool for scan in scans for tool in scan.tools), lambda tool: tool.id, _worse_tool),
        conflicts=_united((c for scan in scans for c in scan.conflicts), _conflict_key, _worse_conflict),
        orderings=_united((o for scan in scans for o in scan.orderings), _as_text, _first),
        findings=_united((f for scan in scans for f in scan.findings), _finding_key, _worse_finding),
        rules=_united((rule for scan in scans for rule in scan.rules), lambda rule: rule.code, _first),
        notes=_united((note for scan in scans for note in scan.notes), _as_text, _first),
        migration=_united((row for scan in scans for row in scan.migration), _as_text, _first),
        upgrades=_united((one for scan in scans for one in scan.upgrades), _as_text, _first),
        suppressions=_united((s for scan in scans for s in scan.suppressions), _suppression_key, _used),
        baseline=_baseline(scans),
        sources=_sources(scans),
        since=", ".join(sorted({scan.since for scan in scans if scan.since})),
    )
    return msgspec.structs.replace(merged, summary=summarise(merged))


def _united(items: Iterable[Item], key: Callable[[Item], object], choose: Callable[[Item, Item], Item]) -> tuple[Item, ...]:
    """Each key once, in sorted order of the keys, so that the order of the scans does not show."""
    held: dict[object, Item] = {}
    for item in items:
        name = key(item)
        held[name] = choose(held[name], item) if name in held else item
    return tuple(held[name] for name in sorted(held, key=repr))


def _first(held: Item, new: Item) -> Item:
    return held


def _as_text(item: msgspec.Struct) -> bytes:
    return msgspec.json.encode(item)


def _conflict_key(conflict: Conflict) -> object:
    where = (conflict.resource.kind, conflict.resource.scope, conflict.resource.key)
    return conflict.fingerprint or (conflict.code, conflict.tools, where)


def _finding_key(finding: Finding) -> object:
    return finding.fingerprint or (finding.code, finding.tools, finding.file, finding.line)


def _suppression_key(item: Suppression) -> object:
    return item.origin, item.file, item.line, item.codes


def _worse_tool(held: Tool, new: Tool) -> Tool:
    """The class that claims less; of equals, the first."""
    return new if _CLASSES[new.class_] < _CLASSES[held.class_] else held


def _worse_conflict(held: Conflict, new: Conflict) -> Conflict:
    worse = new if RANK[new.severity] < RANK[held.severity] else held
    suppressed = held.suppressed and new.suppressed
    return msgspec.structs.replace(
        worse,
        runners=tuple(sorted({*held.runners, *new.runners})),
        latent=held.latent and new.latent,
        suppressed=suppressed,
        suppression=(held.suppression or new.suppression) if suppressed else None,
        new=held.new or new.new,
    )


def _worse_finding(held: Finding, new: Finding) -> Finding:
    worse = new if RANK[new.severity] < RANK[held.severity] else held
    suppressed = held.suppressed and new.suppressed
    suppression = (held.suppression or new.suppression) if suppressed else None
    return msgspec.structs.replace(worse, suppressed=suppressed, suppression=suppression, new=held.new or new.new)


def _used(held: Suppression, new: Suppression) -> Suppression:
    """A suppression is unused only if no scan used it."""
    return msgspec.structs.replace(held, used=held.used or new.used, added=held.added or new.added)


def _files(scans: Sequence[ScanDocument]) -> Files:
    """Jobs over one tree read the same files: the largest counts. Other trees add up: other roots, or the same words for other tools."""
    trees: list[tuple[tuple[str, ...], set[str], Files]] = []
    for scan in scans:
        tools = {tool.id for tool in scan.tools}
        same = next((tree for tree in trees if tree[0] == scan.roots and (tree[1] & tools or not tree[1] or not tools)), None)
        if same is None:
            trees.append((scan.roots, tools, scan.files))
            continue
        most = Files(**{name: max(getattr(same[2], name), getattr(scan.files, name)) for name in COUNTED})
        trees[trees.index(same)] = scan.roots, same[1] | tools, most
    return Files(**{name: sum(getattr(files, name) for _, _, files in trees) for name in COUNTED})


def _baseline(scans: Sequence[ScanDocument]) -> Baseline | None:
    """An entry is expired only if every scan that used the baseline found it so."""
    held = [scan.baseline for scan in scans if scan.baseline is not None]
    if not held:
        return None
    expired = set(held[0].expired).intersection(*(baseline.expired for baseline in held[1:]))
    names = sorted({baseline.file for baseline in held})
    return Baseline(file=", ".join(names), entries=max(baseline.entries for baseline in held), expired=tuple(sorted(expired)))


def _sources(scans: Sequence[ScanDocument]) -> dict[str, dict[int, str]]:
    lines: dict[str, dict[int, str]] = {}
    for scan in reversed(scans):
        for file, held in scan.sources.items():
            lines.setdefault(file, {}).update(held)
    return {file: dict(sorted(lines[file].items())) for file in sorted(lines)}
