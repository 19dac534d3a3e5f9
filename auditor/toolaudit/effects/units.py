"""The tools of a file are walked together, and what they touch is remembered with all that the walk looked at: an edit elsewhere walks
none of them again.

A unit starts with nothing known: what its tools touch depends on their code and on what it reaches, on no other tool.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import NamedTuple, Protocol

import msgspec
from msgspec import Struct

from toolaudit.effects import entries
from toolaudit.effects.frame import Effect, Frame
from toolaudit.model import Place, Tool, UnknownCall
from toolaudit.project.memory import Recalled


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


class Remembering(Protocol):
    """What keeps the units from one run to the next."""

    def recall(self) -> Recalled | None:
        """What was kept, and the files that have changed since."""
        ...

    def keep(self, data: bytes) -> None: ...

    def holds(self, paths: Sequence[str], text: str) -> bool:
        """Whether one of the files holds a text now."""
        ...


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


def result(frame: Frame) -> Walked:
    """A finished walk."""
    lists = tuple(frame.effects), tuple(frame.unknown), tuple(frame.blocking)
    return Walked(*lists, frame.suspends, frame.opaque, frame.total, frame.resolved)


def recalled(memory: Remembering) -> dict[str, Kept]:
    """The units of the last run that hold still: none of what they looked at has changed."""
    kept = memory.recall()
    if kept is None:
        return {}
    try:
        known = {path: Kept(_units.decode(zlib.decompress(packed)), packed) for path, packed in _packed.decode(kept.data).items()}
    except (msgspec.MsgspecError, zlib.error):
        return {}
    changed = sorted(kept.changed)
    now = {text: memory.holds(changed, text) for text in {text for one in known.values() for text in one.unit.texts}} if changed else {}
    return {
        path: one
        for path, one in known.items()
        if not kept.changed.intersection(one.unit.files) and not any(now.get(text) for text in one.unit.texts)
    }


def packed(unit: Unit) -> Kept:
    return Kept(unit, zlib.compress(_encoder.encode(unit), 1))


def keep(memory: Remembering, units: dict[str, Kept]) -> None:
    memory.keep(_encoder.encode({path: one.packed for path, one in units.items()}))
