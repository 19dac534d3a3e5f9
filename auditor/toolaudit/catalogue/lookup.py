"""The catalogue, asked: what does this API do? Names are fully qualified; `FORMAT.md` says which entry wins."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path

from msgspec.structs import replace

from toolaudit.catalogue import loader
from toolaudit.catalogue.entries import Api, Book, EffectEntry, Library, Returns, TypeEntry, ValueEntry

BUILTINS = "builtins"


class Catalogue:
    """Entries of all files, read by import root on first use."""

    def __init__(self, files: Sequence[Path]) -> None:
        self._by_root: dict[str, list[Path]] = {}
        for path in files:
            for root in loader.roots_of(path):
                self._by_root.setdefault(root.split(".")[0], []).append(path)
        self._books: dict[Path, Book] = {}
        self._shelves: dict[str, Shelf] = {}
        self._methods: dict[tuple[str, str], Api | None] = {}

    @property
    def roots(self) -> tuple[str, ...]:
        """The import roots that some file speaks for, sorted."""
        return tuple(sorted(self._by_root))

    def shelf(self, root: str) -> Shelf:
        shelf = self._shelves.get(root)
        if shelf is None:
            books = [self.book(path) for path in self._by_root.get(root, ())]
            shelf = self._shelves[root] = Shelf(books)
        return shelf

    def book(self, path: Path) -> Book:
        """One file, read once."""
        if path not in self._books:
            self._books[path] = loader.read(path)
        return self._books[path]

    def library(self, name: str) -> Library | None:
        """The library that an API's name belongs to: the longest root that is a prefix of it."""
        return self.shelf(name.split(".", 1)[0]).library(self._own(name))

    def canonical(self, name: str) -> str:
        """A type's own name, for a name that is an alias of it."""
        name = self._own(name)
        return self._of(name).aliases.get(name, name)

    def _own(self, name: str) -> str:
        """A name under the import root that describes it."""
        root, dot, rest = name.partition(".")
        own = self._of(name).renamed.get(root)
        return f"{own}{dot}{rest}" if own else name

    def type(self, name: str) -> TypeEntry | None:
        return self._of(name).types.get(self.canonical(name))

    def value(self, name: str) -> ValueEntry | None:
        return self._of(name).values.get(self._own(name))

    def function(self, name: str) -> Api | None:
        """The entry of a function or constructor; of a method when `name` is `type.method`."""
        name, shelf = self._own(name), self._of(name)
        entry = shelf.api(name)
        if entry is None and name in shelf.aliases:
            entry = shelf.api(shelf.aliases[name])
        if entry is None and "." in name:
            owner, method = name.rsplit(".", 1)
            if self.type(owner) is not None:
                return self.method(owner, method)
        return entry

    def method(self, type_name: str, method: str) -> Api | None:
        """The entry of a method: the type's own, its shorthands, its default, then those of its bases."""
        asked = (type_name, method)
        if asked not in self._methods:
            self._methods[asked] = self._find_method(type_name, method)
        return self._methods[asked]

    def _find_method(self, type_name: str, method: str) -> Api | None:
        seen: set[str] = set()
        queue = [self.canonical(type_name)]
        fallback: Api | None = None
        while queue:
            name = queue.pop(0)
            if name in seen:
                continue
            seen.add(name)
            shelf = self._of(name)
            entry = shelf.api(f"{name}.{method}")
            kind = shelf.types.get(name)
            if entry is not None:
                return _with_defaults(entry, kind, shelf.library(name))
            if kind is None:
                continue
            entry = _classified(kind, name, method) or _shorthand(kind, method)
            if entry is not None:
                return _with_defaults(entry, kind, shelf.library(name))
            fallback = fallback or _default(kind)
            queue += [self.canonical(base) for base in kind.bases]
        return fallback

    def known_type(self, name: str) -> bool:
        """A type, or a class with listed methods."""
        shelf = self._of(name)
        name = self.canonical(name)
        return name in shelf.types or name in shelf.owners

    def _of(self, name: str) -> Shelf:
        root = name.split(".", 1)[0]
        return self.shelf(root if root in self._by_root else BUILTINS)


class Shelf:
    """The entries of one import root, from all files that speak for it; earlier files win."""

    def __init__(self, books: Sequence[Book]) -> None:
        self.exact: dict[str, Api] = {}
        self.types: dict[str, TypeEntry] = {}
        self.values: dict[str, ValueEntry] = {}
        self.aliases: dict[str, str] = {}
        self.owners: set[str] = set()
        self.renamed: dict[str, str] = {}
        self.patterns: list[tuple[int, str, str, Api]] = []
        """Literal characters, literal beginning, name with stars, entry."""
        self.libraries: list[Library] = []
        self._found: dict[str, Api | None] = {}
        for book in books:
            self._add(book)
        self.patterns.sort(key=lambda p: (-p[0], _regex(p[2])))

    def _add(self, book: Book) -> None:
        self.libraries.append(book.library)
        self.renamed |= book.library.renamed
        for name, entry in book.api.items():
            if "*" in name:
                literal = len(name) - name.count("*")
                self.patterns.append((literal, name.partition("*")[0], name, replace(entry, origin="pattern")))
            else:
                self.exact.setdefault(name, entry)
                self.owners.add(name.rpartition(".")[0])
        for name, kind in book.type.items():
            self.types.setdefault(name, kind)
            for alias in kind.aliases:
                self.aliases.setdefault(alias, name)
        for name, value in book.value.items():
            self.values.setdefault(name, value)

    def api(self, name: str) -> Api | None:
        found = self.exact.get(name)
        if found is not None or not self.patterns:
            return found
        if name not in self._found:
            fitting = ((glob, entry) for _, start, glob, entry in self.patterns if name.startswith(start))
            self._found[name] = next((entry for glob, entry in fitting if _pattern(glob).fullmatch(name)), None)
        return self._found[name]

    def library(self, name: str) -> Library | None:
        best: Library | None = None
        length = -1
        for library in self.libraries:
            for root in library.roots:
                if (name == root or name.startswith(root + ".") or root == BUILTINS) and len(root) > length:
                    best, length = library, len(root)
        return best


def _regex(name: str) -> str:
    return re.escape(name).replace(r"\*\*", "\0").replace(r"\*", r"[^.]*").replace("\0", ".*")


@lru_cache(maxsize=4096)
def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(_regex(name))


def _classified(kind: TypeEntry, name: str, method: str) -> Api | None:
    if kind.classifier != "aws":
        return None
    from importlib import import_module

    try:
        table = import_module("toolaudit.catalogue.aws")
    except ImportError:
        return None
    found = table.operation(name, method)
    return found if isinstance(found, Api) else None


def _shorthand(kind: TypeEntry, method: str) -> Api | None:
    key = kind.key
    if method in kind.methods_pure:
        return Api(pure=True, origin="shorthand", returns="self" if kind.alias_returns else None)
    for globs, mode, op in (
        (kind.methods_read, "r", "read"),
        (kind.methods_write, "w", "write"),
        (kind.methods_update, "rw", "update"),
    ):
        if any(fnmatchcase(method, glob) for glob in globs):
            op = "create" if mode == "w" and method.partition("_")[0] == "create" else op
            effect = (
                EffectEntry(kind=kind.kind, key=key if key is not None else "{0}", mode=mode, op=op, atomic=True)  # type: ignore[arg-type]
                if kind.kind
                else EffectEntry(handle=True, mode=mode, op=op, atomic=True)  # type: ignore[arg-type]
            )
            return Api(effects=(effect,), origin="shorthand", returns="self" if kind.alias_returns else None)
    if any(fnmatchcase(method, glob) for glob in kind.methods_pure):
        return Api(pure=True, origin="shorthand", returns="self" if kind.alias_returns else None)
    if any(fnmatchcase(method, glob) for glob in kind.methods_telemetry):
        return Api(telemetry=True, origin="shorthand")
    return None


def _default(kind: TypeEntry) -> Api | None:
    returns: str | Returns | None = "self" if kind.alias_returns else None
    if kind.default == "pure":
        return Api(pure=True, origin="default", returns=returns, blocking=None, suspends=None)
    if kind.default == "telemetry":
        return Api(telemetry=True, origin="default", returns=returns)
    if kind.default == "reads":
        effect = (
            EffectEntry(kind=kind.kind, key=kind.key, mode="r", op="read") if kind.kind else EffectEntry(handle=True, mode="r", op="read")
        )
        return Api(effects=(effect,), origin="default", returns=returns, blocking=kind.blocking, suspends=kind.suspends)
    if kind.alias_returns:
        return Api(pure=True, origin="default", returns=returns)
    return None


def _with_defaults(entry: Api, kind: TypeEntry | None, library: Library | None) -> Api:
    if entry.pure or entry.telemetry:
        return entry
    blocking, suspends = entry.blocking, entry.suspends
    for source in (kind, library):
        if source is not None:
            blocking = source.blocking if blocking is None else blocking
            suspends = source.suspends if suspends is None else suspends
    if blocking == entry.blocking and suspends == entry.suspends:
        return entry
    return replace(entry, blocking=blocking, suspends=suspends)


def load(extra: Sequence[Path] = ()) -> Catalogue:
    """The catalogue: the user's files, those of installed packages, and ours; an earlier one wins.

    Raises:
        CatalogueError: a file cannot be read or says something that FORMAT.md does not know.
    """
    made = Catalogue(loader.files(extra))
    for path in extra:
        if path.is_file():
            made.book(path)
    return made
