"""Pairs judged the last time: of two tools that are as they were, nothing is judged again."""

from __future__ import annotations

import bisect
import hashlib
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import msgspec
from msgspec import Struct

from toolaudit.model import Access, Confidence, Conflict, Failure, Runner, Severity
from toolaudit.project.memory import Kept
from toolaudit.verdicts.profile import Profile


class Said(Struct, frozen=True, array_like=True, cache_hash=True):
    """What thousands of conflicts have in common."""

    kind: Literal["race", "order"]
    code: str
    when: str
    failure: Failure
    runners: tuple[Runner, ...]
    latent: bool
    severity: Severity
    confidence: Confidence


class Row(Struct, frozen=True, array_like=True, gc=False):
    """A conflict in numbers: its tools by their positions, what is said by its place in the table, its accesses by theirs in the footprints."""

    one: int
    other: int
    said: int
    at: int
    """The first tool's access whose resource it is about."""
    message: str
    evidence: tuple[tuple[int, ...], tuple[int, ...]]


class _Kept(Struct, frozen=True, array_like=True):
    most: int
    tools: list[tuple[str, bytes]]
    """Id, and digest of all that a verdict on a pair depends on."""
    rows: list[list[Row]]
    """In blocks: each is packed once it is made, since all of them take much room."""
    said: list[Said]


BLOCK = 2_000


class Before(NamedTuple):
    """What holds still: the positions of the tools that are as they were, the conflicts between those in the order of the document, and how
    many a pair was given."""

    same: frozenset[int] = frozenset()
    found: tuple[tuple[Conflict, Row], ...] = ()
    most: int = 0
    said: tuple[Said, ...] = ()


_encoder = msgspec.msgpack.Encoder()


def digests(views: Sequence[Profile], confidence: Mapping[str, Confidence]) -> list[tuple[str, bytes]]:
    """Each tool with what decides how it clashes: its declaration, its footprint, and which of its accesses count."""
    made: list[tuple[str, bytes]] = []
    for view in views:
        aside = {id(access) for access in view.secondary}
        counted = [id(access) not in aside for access in view.footprint.accesses]
        data = _encoder.encode((view.tool, view.footprint, counted, len(view.windows), confidence.get(view.tool.id, "")))
        made.append((view.tool.id, hashlib.blake2b(data, digest_size=16).digest()))
    return made


def recall(memory: Kept, views: Sequence[Profile], now: list[tuple[str, bytes]]) -> Before:
    """The conflicts of the last run between tools that have not changed since."""
    data = memory.recall()
    try:
        kept = None if data is None else msgspec.msgpack.decode(data, type=_Kept)
    except msgspec.MsgspecError:
        return Before()
    if kept is None:
        return Before()
    position = {tool: i for i, tool in enumerate(now)}
    moved = [position.get(tool, -1) for tool in kept.tools]
    found: list[tuple[Conflict, Row]] = []
    sides: Sides = {}
    for row in itertools.chain.from_iterable(kept.rows):
        one, other = moved[row.one], moved[row.other]
        if one >= 0 and other >= 0:
            if one != row.one or other != row.other:
                row = msgspec.structs.replace(row, one=one, other=other)
            found.append((_conflict(row, kept.said[row.said], views[one], views[other], sides), row))
    return Before(frozenset(i for i in moved if i >= 0), tuple(found), kept.most, tuple(kept.said))


Together = list[tuple[Conflict, Row | None]]
"""Conflicts, those that held still with their rows."""
Sides = dict[tuple[int, tuple[int, ...]], tuple[Access, ...]]


def _conflict(row: Row, said: Said, one: Profile, other: Profile, sides: Sides) -> Conflict:
    first, second = row.evidence
    known, beside = sides.get((row.one, first)), sides.get((row.other, second))
    if known is None:
        known = sides[row.one, first] = tuple([one.footprint.accesses[i] for i in first])
    if beside is None:
        beside = sides[row.other, second] = tuple([other.footprint.accesses[i] for i in second])
    return Conflict(
        (one.tool.id, other.tool.id),
        said.kind,
        said.code,
        one.footprint.accesses[row.at].resource,
        said.when,
        said.failure,
        said.runners,
        said.latent,
        said.severity,
        said.confidence,
        row.message,
        (known, beside),
    )


def together(before: Before, found: Sequence[Conflict], key: Callable[[Conflict], Any]) -> Together:
    """What held still and what was found now, which is in the order of the document, in that order."""
    if not before.found:
        return [(conflict, None) for conflict in found]
    every: Together = []
    held, start = before.found, 0
    for conflict in found:
        at = bisect.bisect_right(held, key(conflict), lo=start, key=lambda one: key(one[0]))
        every += held[start:at]
        every.append((conflict, None))
        start = at
    every += held[start:]
    return every


def keep(memory: Kept, before: Before, most: int, now: list[tuple[str, bytes]], every: Together, views: Sequence[Profile]) -> None:
    """Keep what was found now beside what held still."""
    memory.keep(_pieces(before, most, now, every, views))


def _pieces(before: Before, most: int, now: list[tuple[str, bytes]], every: Together, views: Sequence[Profile]) -> Iterator[bytes]:
    """`_Kept` in MessagePack."""
    said = {one: i for i, one in enumerate(before.said)}
    rows = _rows(every, views, said)
    blocks = -(-len(every) // BLOCK)
    yield b"\x94" + _encoder.encode(most) + _encoder.encode(now) + b"\xdd" + blocks.to_bytes(4, "big")
    for _ in range(blocks):
        yield _encoder.encode(list(itertools.islice(rows, BLOCK)))
    yield _encoder.encode(list(said))


def _rows(every: Together, views: Sequence[Profile], said: dict[Said, int]) -> Iterator[Row]:
    """Conflicts in numbers. `said` grows."""
    position = {view.tool.id: i for i, view in enumerate(views)}
    places = [{id(access): i for i, access in enumerate(view.footprint.accesses)} for view in views]
    resources = [{id(access.resource): i for i, access in enumerate(view.footprint.accesses)} for view in views]
    for c, known in every:
        if known is not None:
            yield known
            continue
        one, other = (position[tool] for tool in c.tools)
        words = Said(c.kind, c.code, c.when, c.failure, c.runners, c.latent, c.severity, c.confidence)
        ends = tuple([places[one][id(a)] for a in c.evidence[0]]), tuple([places[other][id(a)] for a in c.evidence[1]])
        yield Row(one, other, said.setdefault(words, len(said)), resources[one][id(c.resource)], c.message, ends)
