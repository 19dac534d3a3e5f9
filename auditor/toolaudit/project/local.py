"""A code base on disk as a `Project`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Self

import msgspec
from msgspec.structs import replace

from toolaudit.errors import ChangedError
from toolaudit.facts import FunctionFacts, FunctionHead, ModuleIndex, Pragma, Unreadable
from toolaudit.project.cache import Cache, Depends, Told, content_digest, key
from toolaudit.project.decode import DecodeError, decode
from toolaudit.project.guard import MAX_BYTES, RefusedError, parse, read
from toolaudit.project.index import index_module, recalled
from toolaudit.project.layout import Layout
from toolaudit.project.memory import Kept, Memory, State, outside
from toolaudit.project.mentions import Mentions
from toolaudit.project.pool import RISKY_DEPTH, Workers
from toolaudit.project.pragmas import OURS
from toolaudit.project.prefilter import Prefilter
from toolaudit.project.rebind import Rename, rebind_facts, rebind_index, renamer
from toolaudit.project.room import give_back
from toolaudit.project.slices import MODULE, SETTER, Extracted, Slice, function_slice, heads_of, module_slice, nested, package_of
from toolaudit.project.survey import Survey, survey
from toolaudit.project.texts import Texts
from toolaudit.project.walk import absolute, base_of, shown, walk

_outcomes = msgspec.msgpack.Decoder(Extracted)

MUCH = 1_000_000
"""Bytes of facts as they are kept; opened they take five times the room."""
CHANGES = "skipped: changes while it is read"


class LocalProject:
    """What lies below `roots` (files or folders); see `toolaudit.project.source.Project`. Close it, or use it as a context manager: that
    writes the cache and ends the workers.

    markers    framework → regular expression over a file's bytes; a file that none matches cannot hold a tool
    exclude    patterns as in a `.gitignore`
    max_bytes  larger files are skipped, and listed as unreadable
    workers    where functions are extracted; default: this process, and a pool for what is much or dangerous
    cache      what remembers; default: nothing
    unsettled  files that change all the time: listed as unreadable
    """

    def __init__(
        self,
        roots: Sequence[Path],
        markers: Mapping[str, bytes],
        *,
        exclude: Sequence[str] = (),
        max_bytes: int = MAX_BYTES,
        workers: Workers | None = None,
        cache: Cache | None = None,
        unsettled: Collection[str] = (),
    ) -> None:
        self._markers = dict(markers)
        self._marked = [part for item in sorted(markers.items()) for part in item]
        self._limit = max_bytes
        self._workers = workers or Workers()
        self._cache = cache or Cache.none()
        self._base = base_of(roots)
        found = walk(roots, exclude)
        self._unreadable: dict[tuple[str, int], Unreadable] = {}
        self._scanned = {path: file for path, file in found.files.items() if file.size <= max_bytes and path not in unsettled}
        for path in found.files.keys() - self._scanned.keys():
            self._refuse(path, 0, CHANGES if path in unsettled else f"skipped: larger than the limit of {max_bytes:,} bytes")
        for item in found.refused:
            self._refuse(item.path, item.line, item.reason)
        self._files = {path: file.path for path, file in self._scanned.items()}
        self._folders = [path if path.is_dir() else path.parent for path in map(absolute, roots)]
        self._neighbours: dict[str, Path] = {}
        self._surveyed: Survey | None = None
        self._indexes: dict[str, ModuleIndex | None] = {}
        self._read_as: dict[str, str] = {}  # path → digest of what its index was made of
        self._heads: dict[str, dict[str, FunctionHead]] = {}
        self._renames: dict[str, Rename] = {}
        self._texts = Texts()
        self._extracted: dict[tuple[str, str], bytes] = {}
        self._facts: dict[tuple[str, str], FunctionFacts] = {}
        self._mentions = Mentions(lambda path: self._read(path, self._files[path]) or b"")
        self._unsettled = frozenset(unsettled)
        self._lasting = not unsettled
        self._relied: Depends = {}
        self._opened: set[tuple[str, str]] = set()
        self._weight = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self._workers.close(abandon=kind is not None)
        self._cache.close()

    def close(self) -> None:
        self.__exit__(None)

    @cached_property
    def _layout(self) -> Layout:
        """Made on first use: when the stored result serves, nobody asks."""
        return Layout({path: file.path for path, file in self._scanned.items()}, self._folders)

    # --- the protocol ------------------------------------------------------------------------------------------------

    @property
    def files(self) -> tuple[str, ...]:
        """Every file that is scanned, sorted."""
        return tuple(self._scanned)

    @property
    def candidates(self) -> tuple[str, ...]:
        return self._survey().candidates

    @property
    def unreadable(self) -> tuple[Unreadable, ...]:
        return tuple(self._unreadable[where] for where in sorted(self._unreadable))

    def markers(self) -> Mapping[str, bytes]:
        return self._markers

    def index(self, path: str) -> ModuleIndex | None:
        if path not in self._indexes:
            self._indexes[path] = None
            file = self._files.get(path)
            if file is not None:
                index = self._index(path, file)
                if index is not None:
                    self._indexes[path], self._read_as[path] = rebind_index(index, self._rename(path)), index.digest
        return self._indexes[path]

    def place(self, module: str) -> str | None:
        path = self._layout.path(module)
        if path is None:
            outside = self._neighbours.get(module) or self._layout.beside(module)
            if outside is None:
                return None
            path = shown(outside, self._base)
            self._files.setdefault(path, outside)
        return path

    def module(self, name: str) -> ModuleIndex | None:
        path = self.place(name)
        return None if path is None else self.index(path)

    def submodule(self, package: str, name: str) -> ModuleIndex | None:
        return self.module(f"{package}.{name}" if package else name)

    def facts(self, path: str, qualname: str) -> FunctionFacts | None:
        where = (path, qualname)
        if where not in self._facts:
            outer = self._outer(path, qualname)
            if outer is not None and outer not in self._opened:
                self.prefetch([outer])
                self._open(outer)
        return self._facts.get(where)

    def prefetch(self, functions: Iterable[tuple[str, str]], closely: bool = False) -> None:
        wanted = {outer for path, qualname in functions if (outer := self._outer(path, qualname)) is not None}
        keys = {where: self._facts_key(*where) for where in sorted(w for w in wanted if w not in self._extracted)}
        known = self._cache.facts(keys.values())
        self._extracted |= {where: known[k] for where, k in keys.items() if k in known}
        missing = [where for where, k in keys.items() if k not in known and self._lines(where[0])]
        if missing:
            pieces = [replace(self._slice(*where), closely=closely) for where in missing]
            risky = [i for i, piece in enumerate(pieces) if closely and (piece.depth or 0) > RISKY_DEPTH]
            outcomes = dict(zip(missing, self._workers.extract(pieces, risky), strict=True))
            self._extracted |= {where: outcome.data for where, outcome in outcomes.items()}
            self._cache.store_facts({keys[where]: outcome.data for where, outcome in outcomes.items() if outcome.lasting})
            self._lasting = self._lasting and all(outcome.lasting for outcome in outcomes.values())

    def release(self) -> None:
        """Lets go of what was read: indexes and facts take most of the room, and are made again where they are asked for."""
        self._cache.flush()
        read = (self._indexes, self._heads, self._extracted, self._facts, self._opened, self._renames, self._mentions, self._texts)
        for held in read:
            held.clear()
        self._weight = 0

    @property
    def cached(self) -> bool:
        """Whether there is a cache that remembers; what this run knows of the files is written to it."""
        self._survey()
        self._cache.flush()
        return self._cache.enabled

    def spare(self) -> bool:
        """`release` where facts have come to take much room and the cache has them, and give it back; whether it was done."""
        if much := self._weight > MUCH and self._cache.enabled:
            self.release()
            give_back()
        return much

    @property
    def extracted(self) -> int:
        """How many outermost functions have been read so far, or the cache has given."""
        return len(self._extracted)

    def mentioning(self, text: str, everywhere: bool = False) -> tuple[str, ...]:
        return self._mentions.among(self.files if everywhere else self.candidates, text, everywhere)

    def held(self, paths: Iterable[str], texts: Iterable[str]) -> set[str]:
        """Which of the texts stand in one of the files."""
        return self._mentions.held(paths, texts)

    def line(self, path: str, number: int) -> str:
        lines = self._lines(path)
        return lines[number - 1] if 0 < number <= len(lines) else ""

    def lines(self, path: str) -> Sequence[str]:
        return self._lines(path)

    def pragmas(self, path: str) -> tuple[Pragma, ...]:
        """The `# toolaudit:` comments of a file."""
        index = self.index(path) if path in self._files and self._mentions.held([path], [OURS]) else None
        return index.pragmas if index is not None else ()

    # --- results -----------------------------------------------------------------------------------------------------

    def result(self, settings: str, content: bytes | None = None) -> bytes | None:
        """What `store_result` kept for the same settings and the same code, to the byte, or code of that `content`; None when either changed."""
        return self._cache.result(key(settings, content or self.content))

    def pieces(self, settings: str) -> Iterator[bytes] | None:
        """The same, piece by piece; valid while the project is open."""
        return self._cache.pieces(self._state(settings))

    def store_result(self, settings: str, data: bytes | Iterable[bytes]) -> None:
        """Remembers what was made of this code and of `settings`, unless a slow or broken worker had a part in it."""
        if self._lasting:
            self._cache.flush()
            self._cache.store_result(self._state(settings), data, self._outside())

    def carry(self, content: bytes, settings: str, told: Told = lambda _: ()) -> None:
        """What `store_result` kept for the same settings and code of another `content` is that of this code too, but for the pieces that are
        `told` to be other ones."""
        self._cache.flush()
        self._cache.carry(key(settings, content), self._state(settings), self._outside(), told)

    def _outside(self) -> Depends:
        """What was looked for beyond the scanned files, and found or not."""
        beyond = {str(file): self._read_as.get(path) for path, file in self._files.items() if path not in self._scanned}
        return self._relied | outside(self._layout.probed, beyond)

    # --- the last run ------------------------------------------------------------------------------------------------

    def memory(self, name: str) -> Memory:
        """What is kept from one run over this code base to the next. `name` names all that it depends on besides the code."""
        return Memory(self, self._cache, key("memory", name, str(self._base), *self._marked))

    def kept(self, name: str) -> Kept:
        """Bytes kept from one run over this code base to the next, whatever has changed in it."""
        return Kept(self._cache, key("kept", name, str(self._base), *self._marked))

    def contents(self) -> dict[str, str]:
        """Path → digest of every scanned file, empty for one that cannot be read."""
        return dict.fromkeys(self._scanned, "") | self._survey().digests

    def relies(self, outside: Depends) -> None:
        """An answer of an earlier run serves that was found by looking at these, which are as they were."""
        self._relied |= outside

    def state(self) -> State | None:
        """All that an answer of this project depends on; None when a slow or broken worker had a part in one."""
        return State(self.contents(), self._outside()) if self._lasting else None

    def _state(self, settings: str) -> bytes:
        return key(settings, self.content)

    @cached_property
    def content(self) -> bytes:
        """Over everything that was found: names, contents, and what could not be read."""
        found = self._survey()
        unread = sorted(path for path in self._scanned if path not in found.digests)
        sized = [f"{item.path}:{item.reason}" for item in self.unreadable if item.line == 0 and item.path not in self._scanned]
        parts = [part for item in found.digests.items() for part in item]
        return key(str(self._base), *self._marked, *parts, *unread, *sized)

    # --- reading -----------------------------------------------------------------------------------------------------

    def _refuse(self, path: str, line: int, reason: str) -> None:
        self._unreadable.setdefault((path, line), Unreadable(path, line, reason))

    def _survey(self) -> Survey:
        if self._surveyed is None:
            self._surveyed = survey(self._scanned, Prefilter(self._markers), self._cache, self._limit, str(self._base))
            for item in self._surveyed.refused:
                self._refuse(item.path, item.line, item.reason)
        return self._surveyed

    def _read(self, path: str, file: Path) -> bytes | None:
        """The bytes of a file, the same whenever they are read. Raises ChangedError where they are others by now."""
        if path in self._unsettled:  # a module beside the scanned ones
            return None
        before = self._read_as.get(path) or (self._surveyed.digests.get(path) if self._surveyed else None)
        try:
            data = read(file, self._limit)
        except RefusedError as error:
            if before is not None:
                raise ChangedError(path) from None
            self._refuse(path, error.line, error.reason)
            return None
        if before not in (None, content_digest(data)):
            raise ChangedError(path)
        return data

    def _index(self, path: str, file: Path) -> ModuleIndex | None:
        module = self._layout.module(path) or self._layout.name_of(file)
        name = ("index", path, module)
        digest = self._surveyed.digests.get(path) if self._surveyed else None
        cached = recalled(self._cache.facts([row]).get(row)) if digest and (row := key(*name, digest)) else None
        if cached is not None:
            return cached
        data = self._read(path, file)
        if data is None:
            return None
        try:
            text, tree = parse(data)
        except RefusedError as error:
            self._refuse(path, error.line, error.reason)
            return None
        self._texts.keep(path, text)
        index = index_module(tree, text, path=path, module=module, digest=content_digest(data))
        self._cache.store_facts({key(*name, index.digest): msgspec.msgpack.encode(index)})
        return index

    def _lines(self, path: str) -> list[str]:
        known = self._texts.lines(path)
        if known is not None:
            return known
        file = self._files.get(path)
        data = self._read(path, file) if file else None
        try:
            return self._texts.keep(path, decode(data)) if data is not None else []
        except DecodeError as error:
            self._refuse(path, error.line, error.reason)
            return []

    def _rename(self, path: str) -> Rename:
        """Imported name → the name under which the project knows that module."""
        if path not in self._renames:
            self._renames[path] = renamer(self._layout, self._files[path], self._neighbours)
        return self._renames[path]

    # --- facts -------------------------------------------------------------------------------------------------------

    def _head(self, path: str, qualname: str) -> FunctionHead | None:
        """The function or method to extract to get at `qualname`."""
        if path not in self._heads:
            index = self.index(path)
            self._heads[path] = heads_of(index) if index is not None else {}
        return self._heads[path].get(qualname)

    def _outer(self, path: str, qualname: str) -> tuple[str, str] | None:
        """Path and qualname of what is extracted to get at a function."""
        if qualname == MODULE:
            return (path, MODULE) if self.index(path) is not None else None
        head = self._head(path, qualname)
        return None if head is None else (path, qualname if qualname == head.qualname + SETTER else head.qualname)

    def _facts_key(self, path: str, qualname: str) -> bytes:
        index = self.index(path)
        assert index is not None
        return key("facts", index.digest, package_of(index), qualname)

    def _slice(self, path: str, qualname: str) -> Slice:
        index = self.index(path)
        assert index is not None
        head = self._head(path, qualname)
        if head is None:
            return module_slice(self._lines(path), index, package_of(index))
        return function_slice(self._lines(path), head, package_of(index))

    def _open(self, outer: tuple[str, str]) -> None:
        """Decodes what was extracted and lists each function in it."""
        self._opened.add(outer)
        path, qualname = outer
        if outer not in self._extracted:  # the file is gone, and that is said already
            return
        try:
            outcome = _outcomes.decode(self._extracted[outer])
        except msgspec.MsgspecError:  # a damaged cache: made anew
            self._extracted[outer] = self._workers.extract([self._slice(*outer)])[0].data
            outcome = _outcomes.decode(self._extracted[outer])
        self._weight += len(self._extracted[outer])
        self._extracted[outer] = b""  # it is opened once
        if outcome.facts is None:
            head = self._head(path, qualname)
            what = f"the function {qualname}" if head is not None else "the top-level code"
            self._refuse(path, head.line if head is not None else 1, f"{what} {outcome.reason}")
            return
        own, *inside = nested(rebind_facts(outcome.facts, self._rename(path)))
        self._facts |= {(path, qualname): own} | {(path, inner.qualname): inner for inner in inside}


open_project = LocalProject
