"""What confirm runs say of each finding: confirmed, cleared (how far), or still open."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from typing import Literal

import msgspec

from toolaudit_reports.document import EvidenceDocument, EvidenceItem, Resource
from toolaudit_reports.findings import Entry

State = Literal["confirmed", "cleared", "open"]
_ORDERINGS = ("TA201", "TA202")


class Proof(msgspec.Struct, frozen=True):
    """The state of one entry and the item that decides it; `text` says in one line how far the runs went."""

    state: State
    item: EvidenceItem
    text: str


def prove(entries: Iterable[Entry], evidence: Iterable[EvidenceDocument]) -> dict[str, Proof]:
    """Fingerprint → proof. One confirmation outweighs any number of runs that did not reproduce it."""
    by_fingerprint: dict[str, list[EvidenceItem]] = {}
    by_pair: dict[tuple[object, ...], list[EvidenceItem]] = {}
    tested: list[EvidenceItem] = []
    for document in evidence:
        for item in document.items:
            if item.fingerprint:
                by_fingerprint.setdefault(item.fingerprint, []).append(item)
            elif not item.code:
                tested.append(item)
            else:
                by_pair.setdefault(_pair(item.code, item.tools, item.resource), []).append(item)
    proofs: dict[str, Proof] = {}
    for entry in entries if by_fingerprint or by_pair or tested else ():
        items = by_fingerprint.get(entry.fingerprint) or by_pair.get(_pair(entry.code, entry.tools, entry.resource)) or []
        items = items + [item for item in tested if _is_about(item, entry) and _agrees(item, entry)]
        if items:
            proofs[entry.fingerprint] = _decide(items)
    return proofs


def _decide(items: list[EvidenceItem]) -> Proof:
    best = min(items, key=_weight)
    return Proof(state=_state(best), item=best, text=_text(best))


def _state(item: EvidenceItem) -> State:
    """Cleared needs every schedule of a stated bound to have been run over state that could all be seen."""
    if item.verdict == "confirmed":
        return "confirmed"
    return "cleared" if item.verdict == "not-reproduced" and item.exhausted and not item.unobserved else "open"


def _weight(item: EvidenceItem) -> tuple[int, int, int]:
    rank = {"confirmed": 0, "cleared": 1, "open": 2}[_state(item)]
    simplest = item.preemptions if rank == 0 else -item.preemptions
    return rank, simplest, -item.schedules


def _text(item: EvidenceItem) -> str:
    if item.verdict == "confirmed":
        preemptions = item.witness.preemptions if item.witness else item.preemptions
        times = f", replayed {item.witness.replayed} times" if item.witness and item.witness.replayed else ""
        return f"confirmed: {len(item.calls) or 2} calls, {count(preemptions, 'preemption')}{times}"
    if item.verdict == "cannot-run":
        return f"not run: {item.reason or 'no reason given'}"
    ran = count(item.schedules, "schedule")
    if item.unobserved:
        return f"not reproduced in {ran}, but not all was observed: {', '.join(item.unobserved)}"
    if item.exhausted:
        return f"cleared: every schedule with up to {count(item.preemptions, 'preemption')} ({ran}) equals a serial order"
    return f"not reproduced in {ran}; not every schedule was run"


def count(number: int, noun: str) -> str:
    """`1 schedule`, `2 schedules`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _pair(code: str, tools: tuple[str, ...], resource: Resource | None) -> tuple[object, ...]:
    return code, tuple(sorted(set(tools))), (resource.kind, resource.key) if resource else None


def _is_about(item: EvidenceItem, entry: Entry) -> bool:
    """Whether a test ran these tools; a proof may also come from the functions on the way to the clash."""
    pairs = _pairs(item)
    if any(sorted(pair) == sorted(entry.tools) for pair in pairs):
        return True
    if item.verdict != "confirmed" or len(entry.evidence) != 2:
        return False
    first, second = ({f"{step.file}::{step.function}" for step in chain} for chain in entry.evidence)
    return any((a in first and b in second) or (b in first and a in second) for a, b in pairs)


def _pairs(item: EvidenceItem) -> list[tuple[str, str]]:
    """The pairs of tools that an item speaks of: of a larger batch with a witness, those of which one wrote what both touched."""
    if len(item.tools) < 2 or len(item.calls) < 3 or item.witness is None or item.resource is None:
        return list(combinations(item.tools, 2))
    name = f"{item.resource.kind}:{item.resource.key}"
    touched: dict[str, set[str]] = {}
    for step in item.witness.steps:
        if step.access and step.resource == name:
            touched.setdefault(step.call, set()).add(step.access)
    involved = [call for call in item.calls if call.label in touched]
    return [(a.tool, b.tool) for a, b in combinations(involved, 2) if touched[a.label] | touched[b.label] != {"r"}]


def _agrees(item: EvidenceItem, entry: Entry) -> bool:
    """Whether what a test explored is about this clash: tests know resources and failures, but no codes."""
    if item.kind == "order-dependent" and not (entry.order or entry.code in _ORDERINGS):
        return False
    if entry.resource is None or item.resource is None:
        return item.witness is not None and bool(entry.failure) and item.witness.failure == entry.failure
    return item.resource.kind == entry.resource.kind and _same_key(item.resource.key, entry.resource.key)


def _same_key(seen: str, scanned: str) -> bool:
    """A key that was seen and one that a scan made out: `CACHE[a]` is one of `CACHE`, anything may be what a parameter names."""
    if scanned.startswith("param:") or "{" in scanned or "*" in scanned:
        return True
    seen, scanned = seen.partition("[")[0], scanned.partition("[")[0]
    return seen == scanned or seen.endswith(f"/{scanned}")
