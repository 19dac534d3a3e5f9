"""Pairs judged the last time: of two tools that are as they were, nothing is judged again."""

from __future__ import annotations

import hashlib
import itertools
import sys
from array import array
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec
from msgspec import Struct

from toolaudit.model import Confidence
from toolaudit.project.memory import Kept
from toolaudit.verdicts.columns import Column, Conflicts, Rows, Said, Side, numbers
from toolaudit.verdicts.profile import Profile


class _Kept(Struct, frozen=True, array_like=True):
    """Conflicts, with their accesses by their places in the footprints."""

    most: int
    tools: list[tuple[str, bytes]]
    """Id, and digest of all that a verdict on a pair depends on."""
    said: list[Said]
    sides: list[tuple[int, tuple[int, ...], int]]
    """The tool by its position, its accesses, and the one whose resource it is about."""
    rows: tuple[bytes, bytes, bytes]


class Before(NamedTuple):
    """What holds still: the positions of the tools that are as they were, the conflicts between those, and how many a pair was given."""

    same: frozenset[int] = frozenset()
    found: Conflicts = Conflicts()
    most: int = 0


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Kept)


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
        kept = None if data is None else _decoder.decode(data)
    except msgspec.MsgspecError:
        return Before()
    if kept is None:
        return Before()
    position = {tool: i for i, tool in enumerate(now)}
    moved = [position.get(tool, -1) for tool in kept.tools]
    sides, there = list[Side](), list[int]()
    for tool, accesses, at in kept.sides:
        i = moved[tool]
        there.append(len(sides) if i >= 0 else -1)
        if i >= 0:
            own = views[i].footprint.accesses
            sides.append(Side(i, tuple([own[number] for number in accesses]), own[at].resource))
    rows = _column(kept.rows[0]), _column(kept.rows[1]), _column(kept.rows[2])
    if len(sides) < len(there):
        rows = _left(rows, there)
    found = Conflicts([view.tool for view in views], kept.said, sides, rows)
    return Before(frozenset(i for i in moved if i >= 0), found, kept.most)


def _left(rows: Rows, there: list[int]) -> Rows:
    """Those of which both sides are still there, which are at other places now."""
    which, first, second = rows
    keeps = [there[one] >= 0 and there[other] >= 0 for one, other in zip(first, second, strict=True)]
    ends = [numbers([there[side] for side in itertools.compress(end, keeps)]) for end in (first, second)]
    return numbers(itertools.compress(which, keeps)), ends[0], ends[1]


def _column(data: bytes) -> Column:
    made = array("I", data)
    if sys.byteorder == "big":
        made.byteswap()
    return made


def keep(memory: Kept, most: int, now: list[tuple[str, bytes]], every: Conflicts, views: Sequence[Profile]) -> None:
    """Keep all conflicts for the next run."""
    memory.keep(_pieces(most, now, every, views))


def _pieces(most: int, now: list[tuple[str, bytes]], every: Conflicts, views: Sequence[Profile]) -> Iterator[bytes]:
    """`_Kept` in MessagePack."""
    places: dict[int, dict[int, int]] = {}
    sides: list[tuple[int, tuple[int, ...], int]] = []
    for tool, accesses, resource in every.sides:
        known = places.get(tool)
        if known is None:
            own = views[tool].footprint.accesses
            known = places[tool] = {id(one.resource): i for i, one in enumerate(own)} | {id(one): i for i, one in enumerate(own)}
        sides.append((tool, tuple([known[id(access)] for access in accesses]), known[id(resource)]))
    rows = [column.tobytes() for column in map(_straight, (every.which, every.first, every.second))]
    yield _encoder.encode((most, now, every.table, sides, rows))


def _straight(column: Column) -> Column:
    return _column(column.tobytes())
