"""Catalogue files: found by the import root they speak for, read when that root is first asked for.

Reading every file at the start would cost more than a small scan; a scan reads the dozen it meets.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import msgspec

from toolaudit.catalogue.entries import Api, Book, Library, TypeEntry, ValueEntry
from toolaudit.errors import ToolauditError

HERE = Path(__file__).parent
ENTRY_POINTS = "toolaudit.catalogue"
_ROOTS = re.compile(rb"^roots\s*=\s*\[(.*?)\]", re.MULTILINE | re.DOTALL)
_NAME = re.compile(rb"[\"']([^\"']+)[\"']")


class CatalogueError(ToolauditError):
    """A catalogue file that cannot be used: which, and why."""


def shipped() -> tuple[Path, ...]:
    """The catalogue files of the package, sorted."""
    return tuple(sorted(HERE.rglob("*.toml")))


def contributed() -> tuple[Path, ...]:
    """Catalogue files of installed packages that registered a folder under the entry point group `toolaudit.catalogue`."""
    found: list[Path] = []
    for entry in sorted(entry_points(group=ENTRY_POINTS), key=lambda e: e.name):
        spec = __import__("importlib.util").util.find_spec(entry.value.split(":")[0])
        for folder in (spec.submodule_search_locations or ()) if spec else ():
            found += sorted(Path(folder).rglob("*.toml"))
    return tuple(found)


def roots_of(path: Path) -> tuple[str, ...]:
    """The import roots that a file speaks for, read without parsing the rest."""
    try:
        head = path.read_bytes()
    except OSError as error:
        raise CatalogueError(f"{path}: cannot be read ({error.strerror})") from error
    found = _ROOTS.search(head)
    if found is None:
        raise CatalogueError(f'{path}: no `roots = ["…"]` under [library]')
    return tuple(name.decode() for name in _NAME.findall(found.group(1)))


def read(path: Path) -> Book:
    """A catalogue file as values.

    Raises:
        CatalogueError: not TOML, an unknown word, or a value of the wrong type; the message names the file and the entry.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CatalogueError(f"{path}: {error}") from error
    for table in ("library", "api", "type", "value"):
        if not isinstance(raw.get(table, {}), dict):
            raise CatalogueError(f"{path}: `{table}` is no table; see FORMAT.md")
    api = {name: _convert(body, Api, path, name) for name, body in raw.get("api", {}).items()}
    for group in raw.get("group", ()):
        for name, entry in _expand(group, path):
            api.setdefault(name, entry)
    return Book(
        library=_convert(raw.get("library", {}), Library, path, "library"),
        api=api,
        type={name: _convert(body, TypeEntry, path, name) for name, body in raw.get("type", {}).items()},
        value={name: _convert(body, ValueEntry, path, name) for name, body in raw.get("value", {}).items()},
        path=path.name,
    )


def _expand(group: dict[str, Any], path: Path) -> Iterable[tuple[str, Api]]:
    body = {word: value for word, value in group.items() if word not in ("of", "names")}
    prefixes = group.get("of", "")
    entry = _convert(body, Api, path, f"group {group.get('names')}")
    for prefix in prefixes if isinstance(prefixes, list) else [prefixes]:
        for name in group.get("names", ()):
            yield (f"{prefix}.{name}" if prefix else name), entry


def _convert(body: Any, kind: Any, path: Path, name: str) -> Any:
    try:
        return msgspec.convert(body, kind)
    except msgspec.ValidationError as error:
        raise CatalogueError(f"{path}: {name}: {error}") from error


def files(extra: Sequence[Path] = ()) -> tuple[Path, ...]:
    """All catalogue files, the user's first: an earlier file wins."""
    mine: list[Path] = []
    for path in extra:
        if not path.exists():
            raise CatalogueError(f"{path}: no such catalogue file or folder")
        mine += sorted(path.rglob("*.toml")) if path.is_dir() else [path]
    return (*mine, *contributed(), *shipped())
