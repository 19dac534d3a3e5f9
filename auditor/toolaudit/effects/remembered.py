"""Footprints of the last run: where a file's walks are as they were, and what all tools say of the memory that they touch, nothing is settled
again."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence

import msgspec
from msgspec import Struct

from toolaudit.effects import folded
from toolaudit.effects.footprint import Settled, handed, root_of
from toolaudit.effects.units import Once, Packed, Walked
from toolaudit.model import Footprint, Tool
from toolaudit.project.answers import given
from toolaudit.project.memory import Kept

_encoder = msgspec.msgpack.Encoder()


class Settlement(Struct, frozen=True, array_like=True):
    """The footprints of a file's tools. `asked`: what they were made of; `said`: of what their walks touch, what all tools said."""

    asked: bytes
    said: tuple[tuple[tuple[str, ...], str | None], ...]
    data: bytes


_settlements = msgspec.msgpack.Decoder(dict[str, Settlement])


class Remembered:
    """By file. Those that nobody asked for in a run are forgotten by it."""

    def __init__(self, memory: Kept | None, settled: Settled) -> None:
        self._memory = memory
        self._settled = settled
        self._before = {} if memory is None else _recalled(memory)
        self._now: dict[str, Settlement] = {}
        self._once = Once()

    def holds(self, path: str, tools: Sequence[Tool], walks: Packed) -> bool:
        """Whether it is known how the same walks of the same tools were settled."""
        known = self._before.get(path)
        if known is None or known.asked != self._asked(tools, walks):
            return False
        holds = all(self._settled.written.get(root) == why for root, why in known.said)
        if holds:
            self._now[path] = known
        return holds

    def recall(self, path: str, tools: Sequence[Tool]) -> tuple[Footprint, ...] | None:
        """The footprints, where that is known."""
        known = self._now.get(path)
        if known is None:
            return None
        try:
            found = folded.opened(folded.read(zlib.decompress(known.data)), self._once)
        except (msgspec.MsgspecError, zlib.error, IndexError):
            found = ()
        if [one.tool for one in found] != [tool.id for tool in tools]:
            del self._now[path]
            return None
        return found

    def put(self, path: str, tools: Sequence[Tool], walks: Packed, walked: Iterable[Walked], found: Sequence[Footprint]) -> None:
        touched = {root_of(effect.target) for one in walked for effect in one.effects}
        touched |= {handed(root) for root in touched}
        said = tuple([(root, self._settled.written.get(root)) for root in sorted(touched)])
        self._now[path] = Settlement(self._asked(tools, walks), said, zlib.compress(_encoder.encode(folded.fold(found)), 1))

    def store(self) -> None:
        if self._memory is not None and self._now != self._before:
            self._memory.keep([_encoder.encode(self._now)])

    def _asked(self, tools: Sequence[Tool], walks: Packed) -> bytes:
        return given(tools, walks.data, self._settled.moves)


def _recalled(memory: Kept) -> dict[str, Settlement]:
    data = memory.recall()
    try:
        return {} if data is None else _settlements.decode(data)
    except msgspec.MsgspecError:
        return {}
