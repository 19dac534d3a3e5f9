"""Answers about parts of a code base, kept from one run to the next: each with all that was looked at to find it, and what it was asked with.

An answer stands while nothing that it looked at has changed. One that cannot be read (another build wrote it) is found anew.
"""

from __future__ import annotations

import hashlib
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from toolaudit.project.memory import Memory, untouched
from toolaudit.project.source import Project
from toolaudit.project.watched import Watched

T = TypeVar("T")
_encoder = msgspec.msgpack.Encoder()


class _Answer(Struct, frozen=True, array_like=True):
    files: tuple[str, ...]
    texts: tuple[str, ...]
    given: bytes
    value: msgspec.Raw


_answers = msgspec.msgpack.Decoder(dict[str, _Answer])


class Answers:
    """Answers by name. Those that nobody asked for in a run are forgotten by it."""

    def __init__(self, project: Project, memory: Memory | None = None) -> None:
        self._project = project
        self._memory = memory
        self._before, standing = ({}, []) if memory is None else _recalled(memory)
        self._standing = frozenset(standing)
        self._now: dict[str, _Answer] = {}
        self._anew = False

    def known(self, name: str, decoder: msgspec.msgpack.Decoder[T], given: bytes = b"") -> T | None:
        """The answer of the last run, if it still stands and was `given` the same."""
        answer = self._before.get(name)
        if answer is None or answer.given != given or name not in self._standing:
            return None
        value = self.before(name, decoder)
        if value is not None:
            self._now[name] = answer
        return value

    def before(self, name: str, decoder: msgspec.msgpack.Decoder[T]) -> T | None:
        """The answer of the last run, whether or not it still stands."""
        answer = self._before.get(name)
        try:
            return None if answer is None else decoder.decode(answer.value)
        except (msgspec.MsgspecError, ValueError):
            return None

    @property
    def keeps(self) -> bool:
        """Whether answers are kept until the next run."""
        return self._memory is not None

    def watched(self) -> Watched:
        """The project, nothing asked yet."""
        return Watched(self._project)

    def put(self, name: str, value: T, watched: Watched, given: bytes = b"") -> T:
        """Keep an answer that was found by asking `watched`."""
        if self._memory is not None:
            seen = tuple(sorted(watched.asked)), tuple(sorted(watched.texts))
            self._now[name] = _Answer(*seen, given, msgspec.Raw(_encoder.encode(value)))
            self._anew = True
        return value

    def store(self) -> None:
        """Write what was answered in this run. What is wrong with a file is said by whoever reads it: such answers are found again."""
        if self._memory is not None and (self._anew or self._now.keys() != self._before.keys()):
            broken = {item.path for item in self._project.unreadable}
            kept = {name: one for name, one in self._now.items() if not broken.intersection(one.files)}
            self._memory.keep(_encoder.encode(kept))
        self._before, self._now = {}, {}


def given(*values: Any) -> bytes:
    """What an answer was asked with, to be compared."""
    return hashlib.blake2b(_encoder.encode(values), digest_size=16).digest()


def _recalled(memory: Memory) -> tuple[dict[str, _Answer], list[str]]:
    """All answers, and the names of those that still stand."""
    kept = memory.recall()
    try:
        known = {} if kept is None else _answers.decode(kept.data)
    except (msgspec.MsgspecError, ValueError):
        return {}, []
    changed = kept.changed if kept is not None else frozenset()
    return known, untouched(memory, changed, ((name, one.files, one.texts) for name, one in known.items()))
