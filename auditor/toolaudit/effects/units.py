"""The tools of a file are walked together, and what they touch is remembered with all that the walk looked at: an edit elsewhere walks
none of them again.

A unit starts with nothing known: what its tools touch depends on their code and on what it reaches, on no other tool.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any, NamedTuple, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from toolaudit.effects import entries
from toolaudit.effects.frame import Effect, Frame
from toolaudit.model import Place, Tool, UnknownCall
from toolaudit.project.memory import Memory, untouched


class Walked(Struct, frozen=True, array_like=True):
    """What is left of a tool's walk."""

    effects: tuple[Effect, ...]
    unknown: tuple[UnknownCall, ...]
    blocking: tuple[Place, ...]
    suspends: bool
    opaque: str
    total: int
    resolved: int


class Unit(Struct, frozen=True, array_like=True):
    """The tools of a file: as they were declared, what their walks looked at, and what came of them."""

    tools: bytes
    files: tuple[str, ...]
    texts: tuple[str, ...]
    walked: tuple[Walked, ...]


T = TypeVar("T")
_encoder = msgspec.msgpack.Encoder()
_packed = msgspec.msgpack.Decoder(dict[str, bytes])
_units = msgspec.msgpack.Decoder(Unit)


class Kept(NamedTuple):
    """A unit, and what stands for it until the next run."""

    unit: Unit
    packed: bytes


def by_file(tools: Sequence[Tool]) -> dict[str, list[int]]:
    """The file of a tool's entry → the positions of the tools there, in order."""
    found: dict[str, list[int]] = {}
    for position, tool in enumerate(tools):
        found.setdefault(entries.entry_of(tool)[0], []).append(position)
    return found


def declared(tools: Sequence[Tool]) -> bytes:
    """The declarations of a unit's tools, to be compared."""
    return _encoder.encode(tools)


class Once:
    """The first of equal values: tens of thousands of effects share some thousands of places and taints."""

    def __init__(self) -> None:
        self._known: dict[object, Any] = {}

    def __call__(self, value: T) -> T:
        return self._known.setdefault(value, value)  # type: ignore[no-any-return]

    def effects(self, effects: Sequence[Effect]) -> tuple[Effect, ...]:
        """The same, with parts that are shared."""
        return tuple(
            replace(
                one,
                target=self(one.target),
                chain=self(tuple([self(place) for place in one.chain])),
                data=self(one.data),
                control=self(one.control),
                locks=self(one.locks),
                arms=self(one.arms),
            )
            for one in effects
        )


def result(frame: Frame, once: Once) -> Walked:
    """A finished walk."""
    lists = once.effects(frame.effects), tuple(frame.unknown), tuple(frame.blocking)
    return Walked(*lists, frame.suspends, frame.opaque, frame.total, frame.resolved)


def recalled(memory: Memory, once: Once) -> dict[str, Kept]:
    """The units of the last run that hold still: none of what they looked at has changed."""
    kept = memory.recall()
    if kept is None:
        return {}
    try:
        known = {path: Kept(_unpacked(packed, once), packed) for path, packed in _packed.decode(kept.data).items()}
    except (msgspec.MsgspecError, zlib.error):
        return {}
    standing = untouched(memory, kept.changed, ((path, one.unit.files, one.unit.texts) for path, one in known.items()))
    return {path: known[path] for path in standing}


def _unpacked(data: bytes, once: Once) -> Unit:
    unit = _units.decode(zlib.decompress(data))
    return replace(unit, files=once(unit.files), walked=tuple([replace(one, effects=once.effects(one.effects)) for one in unit.walked]))


def packed(unit: Unit) -> Kept:
    return Kept(unit, zlib.compress(_encoder.encode(unit), 1))


def keep(memory: Memory, units: dict[str, Kept]) -> None:
    memory.keep(_encoder.encode({path: one.packed for path, one in units.items()}))
