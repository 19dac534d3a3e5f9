"""Pairs judged the last time: of two tools that are as they were, nothing is judged again."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

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
    """What holds still: the positions of the tools that are as they were, the conflicts between those, and how many a pair was given."""

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
    sides: dict[tuple[int, tuple[int, ...]], tuple[Access, ...]] = {}
    for row in itertools.chain.from_iterable(kept.rows):
        one, other = moved[row.one], moved[row.other]
        if one >= 0 and other >= 0:
            if one != row.one or other != row.other:
                row = msgspec.structs.replace(row, one=one, other=other)
            found.append((_conflict(row, kept.said[row.said], views, sides), row))
    return Before(frozenset(i for i in moved if i >= 0), tuple(found), kept.most, tuple(kept.said))


def _conflict(row: Row, said: Said, views: Sequence[Profile], sides: dict[tuple[int, tuple[int, ...]], tuple[Access, ...]]) -> Conflict:
    one, other = views[row.one], views[row.other]

    def side(tool: int, accesses: tuple[int, ...]) -> tuple[Access, ...]:
        known = sides.get((tool, accesses))
        if known is None:
            there = views[tool].footprint.accesses
            known = sides[tool, accesses] = tuple([there[i] for i in accesses])
        return known

    first, second = row.evidence
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
        (side(row.one, first), side(row.other, second)),
    )


def keep(
    memory: Kept, before: Before, most: int, now: list[tuple[str, bytes]], found: Sequence[Conflict], views: Sequence[Profile]
) -> None:
    """Keep what was found now beside what held still."""
    memory.keep(_pieces(before, most, now, found, views))


def _pieces(
    before: Before, most: int, now: list[tuple[str, bytes]], found: Sequence[Conflict], views: Sequence[Profile]
) -> Iterator[bytes]:
    """`_Kept` in MessagePack."""
    said = {one: i for i, one in enumerate(before.said)}
    rows = itertools.chain((row for _, row in before.found), _rows(found, views, said))
    blocks = -(-(len(before.found) + len(found)) // BLOCK)
    yield b"\x94" + _encoder.encode(most) + _encoder.encode(now) + b"\xdd" + blocks.to_bytes(4, "big")
    for _ in range(blocks):
        yield _encoder.encode(list(itertools.islice(rows, BLOCK)))
    yield _encoder.encode(list(said))


def _rows(found: Iterable[Conflict], views: Sequence[Profile], said: dict[Said, int]) -> Iterator[Row]:
    """Conflicts in numbers. `said` grows."""
    position = {view.tool.id: i for i, view in enumerate(views)}
    places = [{id(access): i for i, access in enumerate(view.footprint.accesses)} for view in views]
    resources = [{id(access.resource): i for i, access in enumerate(view.footprint.accesses)} for view in views]
    for c in found:
        one, other = (position[tool] for tool in c.tools)
        words = Said(c.kind, c.code, c.when, c.failure, c.runners, c.latent, c.severity, c.confidence)
        ends = tuple([places[one][id(a)] for a in c.evidence[0]]), tuple([places[other][id(a)] for a in c.evidence[1]])
        yield Row(one, other, said.setdefault(words, len(said)), resources[one][id(c.resource)], c.message, ends)
