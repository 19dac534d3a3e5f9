"""Which Python files are scanned, and by what names they are shown."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from toolaudit.facts import Unreadable

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

SKIPPED = frozenset({"__pycache__", "__pypackages__", "node_modules", "site-packages"})
BUILT = frozenset({"build", "dist"})
"""Folders of built copies, unless they are packages themselves."""

SUFFIXES = (".py", ".pyw")


Ignores: TypeAlias = "list[tuple[str, GitIgnoreSpec]]"
"""Folder, with its separator, and the patterns that hold below it."""


class File(NamedTuple):
    path: Path
    """Absolute."""
    size: int
    mtime_ns: int


class Walk(NamedTuple):
    """`files`: shown path → file, in order of the shown path; `refused`: what should have been read and cannot be."""

    files: dict[str, File]
    refused: list[Unreadable]


def walk(roots: Sequence[Path], exclude: Sequence[str] = ()) -> Walk:
    """Finds the Python files below the roots. A root that is a file is taken whatever its name.

    Left out: what Git ignores, hidden folders, virtual environments, caches, built copies, linked folders (their target is scanned
    where it lies), and what `exclude` (patterns as in a `.gitignore`, relative to the base) names.
    """
    base = base_of(roots)
    walker = _Walker(base, exclude)
    for root in roots:
        start = absolute(root)
        if start.is_dir():
            walker.folder(start)
        else:
            walker.file(start)
    return Walk(dict(sorted(walker.files.items())), walker.refused)


def absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100  (resolve() would follow the links the user named)


def base_of(roots: Sequence[Path]) -> Path:
    """What paths are shown relative to: the working folder when all roots are in it, else the root, or the folder that holds all roots."""
    here = Path.cwd()
    starts = [absolute(root) for root in roots]
    if all(start.is_relative_to(here) for start in starts):
        return here
    return Path(os.path.commonpath([start if start.is_dir() else start.parent for start in starts]))


def shown(path: Path, base: Path) -> str:
    """The path as documents show it: relative, `/`, bytes that are no text escaped."""
    text, start = str(path), str(base) + os.sep
    inside = text[len(start) :] if text.startswith(start) else os.path.relpath(path, base)
    return escaped(inside.replace(os.sep, "/"))


def escaped(path: str) -> str:
    """A path as text: what the file system allows in names and text does not, is written `\\xNN`."""
    return path if path.isascii() else os.fsencode(path).decode(errors="backslashreplace")


class _Walker:
    def __init__(self, base: Path, exclude: Sequence[str]) -> None:
        self.base = base
        self.files: dict[str, File] = {}
        self.refused: list[Unreadable] = []
        self.exclude = _ignores(exclude, base)

    def refuse(self, path: Path, reason: str) -> None:
        self.refused.append(Unreadable(shown(path, self.base), 0, reason))

    def file(self, path: Path) -> None:
        """Takes a file if it is one. Links to files are followed."""
        try:
            status = path.stat()
        except OSError as error:
            self.refuse(path, "skipped: a link to nothing" if path.is_symlink() else f"cannot be read: {error.strerror}")
            return
        if stat.S_ISREG(status.st_mode):
            self.files.setdefault(shown(path, self.base), File(path, status.st_size, status.st_mtime_ns))
        elif not stat.S_ISDIR(status.st_mode):
            self.refuse(path, "skipped: not a regular file")

    def folder(self, start: Path) -> None:
        stack = [(start, outer_ignores(start))]
        while stack:
            folder, ignores = stack.pop()
            try:
                with os.scandir(folder) as found:
                    entries = sorted(found, key=lambda e: e.name)
            except OSError as error:
                self.refuse(folder, f"the folder cannot be read: {error.strerror}")
                continue
            names = {e.name for e in entries}
            if "pyvenv.cfg" in names and folder != start:
                continue
            if ".gitignore" in names:
                ignores = [*ignores, *_ignore_file(folder / ".gitignore", folder)]
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    if not _left_out(entry) and not self.ignored(entry.path + "/", ignores):
                        stack.append((Path(entry.path), ignores))
                elif entry.name.endswith(SUFFIXES) and not self.ignored(entry.path, ignores):
                    self.file(Path(entry.path))

    def ignored(self, path: str, ignores: Ignores) -> bool:
        return _ignored(path, self.exclude) or _ignored(path, ignores)


def _left_out(entry: os.DirEntry[str]) -> bool:
    if entry.name.startswith(".") or entry.name in SKIPPED:
        return True
    return entry.name in BUILT and not Path(entry.path, "__init__.py").exists()


# --- .gitignore ------------------------------------------------------------------------------------------------------


def outer_ignores(start: Path) -> Ignores:
    """The ignore files from the repository's top down to above `start`; none when they ignore `start` itself, which the user named."""
    above: list[Path] = []
    for folder in start.parents if not (start / ".git").exists() else ():
        above.append(folder)
        if (folder / ".git").exists():
            break
    else:
        above = []
    found: Ignores = []
    top = above[-1] if above else start
    found += _ignore_file(top / ".git" / "info" / "exclude", top)
    for folder in reversed(above):
        found += _ignore_file(folder / ".gitignore", folder)
    for folder in [*reversed(start.parents), start]:
        if _ignored(f"{folder}/", found):
            return []
    return found


def _ignored(path: str, ignores: Ignores) -> bool:
    """The ignore file nearest to the path decides."""
    for where, spec in reversed(ignores):
        if path.startswith(where):
            verdict = spec.check_file(path[len(where) :]).include
            if verdict is not None:
                return verdict
    return False


def _ignore_file(path: Path, folder: Path) -> Ignores:
    try:
        return _ignores(path.read_text(encoding="utf-8", errors="replace").splitlines(), folder)
    except OSError:
        return []


def _ignores(lines: Sequence[str], folder: Path) -> Ignores:
    """The patterns with the folder they are relative to; patterns that Git would not understand are passed over, as Git does."""
    kept = [line for line in lines if line.strip() and not line.startswith("#")]
    if not kept:
        return []
    from pathspec import GitIgnoreSpec  # only where there is something to ignore

    where = str(folder) if folder == folder.parent else f"{folder}{os.sep}"
    try:
        return [(where, GitIgnoreSpec.from_lines(kept))]
    except ValueError:
        pass
    good: list[str] = []
    for line in kept:
        try:
            GitIgnoreSpec.from_lines([line])
        except ValueError:
            continue
        good.append(line)
    return [(where, GitIgnoreSpec.from_lines(good))]
