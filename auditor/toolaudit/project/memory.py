"""What was worked out of a code base the last time, with what has changed since."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import NamedTuple, Protocol

import msgspec

from toolaudit.project.cache import Cache, Depends, content_digest


class State(msgspec.Struct, frozen=True):
    """`files`: path → digest of every scanned file, empty for one that cannot be read; `outside`: of what was looked for beyond them."""

    files: dict[str, str]
    outside: Depends


class Recalled(NamedTuple):
    """What was kept, and the paths of the scanned files whose content is another one now."""

    data: bytes
    changed: frozenset[str]


class _Row(msgspec.Struct, frozen=True):
    state: State
    data: bytes


_rows = msgspec.msgpack.Decoder(_Row)


class CodeBase(Protocol):
    """What a memory is of."""

    def contents(self) -> dict[str, str]:
        """Path → digest of every scanned file, empty for one that cannot be read."""
        ...

    def state(self) -> State | None:
        """All that an answer depends on; None when it would not be the same another time."""
        ...

    def held(self, paths: Iterable[str], texts: Iterable[str]) -> set[str]:
        """Which of the texts stand in one of the files."""
        ...

    def relies(self, outside: Depends) -> None:
        """An answer serves again that was found by looking at these files beyond the scanned ones."""
        ...


class Memory:
    """One value for a code base. Where files came or went, names may mean something else, and nothing is recalled."""

    def __init__(self, code: CodeBase, cache: Cache, row: bytes) -> None:
        self._code = code
        self._cache = cache
        self._row = row

    def recall(self) -> Recalled | None:
        """What was kept, with what has changed since."""
        try:
            known = _rows.decode(self._cache.facts([self._row]).get(self._row, b""))
        except msgspec.MsgspecError:
            return None
        before, now = known.state.files, self._code.contents()
        if before.keys() != now.keys() or any(digest_of(Path(path)) != digest for path, digest in known.state.outside.items()):
            return None
        self._code.relies(known.state.outside)
        return Recalled(known.data, frozenset(path for path, digest in now.items() if before[path] != digest))

    def keep(self, data: bytes) -> None:
        state = self._code.state()
        if state is not None:
            self._cache.store_facts({self._row: msgspec.msgpack.encode(_Row(state, data))})

    def held(self, paths: Iterable[str], texts: Iterable[str]) -> set[str]:
        """Which of the texts stand in one of the files now."""
        return self._code.held(paths, texts)


class Kept:
    """Bytes under one name, compressed; who reads them must know whether they still hold."""

    def __init__(self, cache: Cache, row: bytes) -> None:
        self._cache = cache
        self._row = row

    def recall(self) -> bytes | None:
        data = self._cache.facts([self._row]).get(self._row)
        try:
            return None if data is None else zlib.decompress(data)
        except zlib.error:
            return None

    def keep(self, pieces: Iterable[bytes]) -> None:
        packer = zlib.compressobj(1)
        packed = [packer.compress(piece) for piece in pieces]
        self._cache.store_facts({self._row: b"".join([*packed, packer.flush()])})


Looked = tuple[str, Collection[str], Collection[str]]
"""The name of an answer, the files that it looked at, and the texts that it searched all candidates for."""


def untouched(memory: Memory, changed: frozenset[str], answers: Iterable[Looked]) -> list[str]:
    """The names of the answers that looked at none of the files that have changed."""
    left = [one for one in answers if changed.isdisjoint(one[1])]
    now = memory.held(sorted(changed), {text for _, _, texts in left for text in texts}) if changed else set()
    return [name for name, _, texts in left if now.isdisjoint(texts)]


def outside(probed: Iterable[Path], read: Depends) -> Depends:
    """What was looked for beyond the scanned files, with what was `read` of it."""
    depends = dict.fromkeys(map(str, probed)) | read
    return {path: digest or (digest_of(Path(path)) if Path(path).is_file() else None) for path, digest in depends.items()}


def digest_of(path: Path) -> str | None:
    """None where there is no such file."""
    try:
        return content_digest(path.read_bytes())
    except (OSError, ValueError):
        return None
