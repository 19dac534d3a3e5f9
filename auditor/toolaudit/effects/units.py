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

from toolaudit.effects import entries, secondary
from toolaudit.effects.frame import Effect, Frame
from toolaudit.effects.signing_in import unknown_but_signing_in
from toolaudit.effects.wording import asked, settled
from toolaudit.model import Place, Tool, UnknownCall

MOST_CALLS = 2**31
"""Ways double where a helper calls the next one twice: past so many calls nobody counts, and a number must fit into what is kept."""


class Walked(Struct, frozen=True, array_like=True):
    """What is left of a tool's walk. Each effect says why it does not count, as far as the walk itself tells."""

    effects: tuple[Effect, ...]
    unknown: tuple[UnknownCall, ...]
    blocking: tuple[Place, ...]
    suspends: bool
    opaque: str
    total: int
    resolved: int


class Marks(Struct, frozen=True, array_like=True):
    """What a walk says of others: the places that it writes, each with the reason why that does not count; whether it changes the working
    folder."""

    written: tuple[tuple[tuple[str, ...], str], ...]
    moves: bool


class Packed(Struct, frozen=True, array_like=True):
    """The walks of a file's tools, what each says of others at hand."""

    marks: tuple[Marks, ...]
    data: bytes


T = TypeVar("T")
_encoder = msgspec.msgpack.Encoder()
_walked = msgspec.msgpack.Decoder(tuple[Walked, ...])


class Walks(NamedTuple):
    """The walks of all tools by the file of the tools' entries, packed where they are kept: all of them together take much room. `before`:
    what those were in the last run that have been made anew."""

    loose: dict[str, tuple[Walked, ...]]
    packed: dict[str, Packed]
    before: dict[str, Packed]


def by_file(tools: Sequence[Tool]) -> dict[str, list[int]]:
    """The file of a tool's entry → the positions of the tools there, in order."""
    found: dict[str, list[int]] = {}
    for position, tool in enumerate(tools):
        found.setdefault(entries.entry_of(tool)[0], []).append(position)
    return found


class Once:
    """The first of equal values: tens of thousands of effects share some thousands of places and taints."""

    def __init__(self) -> None:
        self._known: dict[object, Any] = {}

    def __call__(self, value: T) -> T:
        return self._known.setdefault(value, value)  # type: ignore[no-any-return]

    def places(self, effects: Sequence[Effect]) -> tuple[Effect, ...]:
        """The same, with those parts shared that a footprint keeps."""
        return tuple(
            [
                replace(
                    one,
                    target=self(one.target),
                    chain=self(tuple([self(place) for place in one.chain])),
                    locks=self(one.locks),
                    arms=self(one.arms),
                )
                for one in effects
            ]
        )

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


def _marked(frame: Frame, tool: Tool) -> list[Effect]:
    return secondary.mark(frame.effects, tool.name, tool.entry.rpartition("::")[2] or tool.function)


def result(frame: Frame, once: Once, tool: Tool) -> Walked:
    """A finished walk, what does not count in it marked so."""
    lists = (
        once.effects(settled(asked(_marked(frame, tool), tool.name), tool.name)),
        tuple(unknown_but_signing_in(call, tool.name) for call in frame.unknown),
        tuple(frame.blocking),
    )
    return Walked(*lists, frame.suspends, frame.opaque, min(frame.total, MOST_CALLS), min(frame.resolved, MOST_CALLS))


def packed(walked: tuple[Walked, ...], marks: tuple[Marks, ...], before: Packed | None, once: Once) -> Packed:
    """The bytes of `before` where they stand for the same: sets are written in no order."""
    if before is not None and unpacked(before, once) == walked:
        return Packed(marks, before.data)
    return Packed(marks, zlib.compress(_encoder.encode(walked), 1))


def unpacked(kept: Packed, once: Once) -> tuple[Walked, ...] | None:
    """None for what is in another form."""
    try:
        walked = _walked.decode(zlib.decompress(kept.data))
    except (msgspec.MsgspecError, zlib.error):
        return None
    return tuple([replace(one, effects=once.places(one.effects)) for one in walked])
