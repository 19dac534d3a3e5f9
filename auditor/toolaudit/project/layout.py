"""Where modules live: file ↔ dotted name, import roots, what an import in a file means. Looks at names only, never into files."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from toolaudit.project.walk import escaped

MAX_PARTS = 50
"""Longer dotted names are no module's."""


class Layout:
    """The modules of a code base.

    A file's module is named from its import root: the folder that a distribution is installed in (beside its `.dist-info`), the folder above
    the outermost package (`__init__.py`) it belongs to, else the scanned root, or that root's `src`. Code also imports by other names (a namespace package's, a neighbour's); `find` knows them.
    """

    def __init__(self, files: Mapping[str, Path], roots: Sequence[Path]) -> None:
        """`files`: shown path → absolute path of every scanned Python file. `roots`: absolute folders."""
        self._shown = {path: shown for shown, path in files.items()}
        self._roots = sorted(set(roots), key=lambda r: len(r.parts), reverse=True)
        self._tops: dict[Path, Path] = {}
        self._has_init: dict[Path, bool] = {}
        self._homes: dict[Path, tuple[Path, ...]] = {}
        self._within: dict[Path, bool] = {}
        self._records: dict[Path, Path | None] = {}
        self.probed: set[Path] = set()
        """Files beyond the scanned ones whose presence or absence decided a name."""
        self._outside: dict[str, Path] = {}
        self._above: dict[tuple[Path, str], Path | None] = {}
        self._names: dict[str, str] = {}
        self._paths: dict[str, str] = {}
        alternates: list[tuple[str, str]] = []
        for shown, path in sorted(files.items()):
            name = self.name_of(path)
            self._names[shown] = name
            self._paths.setdefault(name, shown)
            alternates += [(other, shown) for other in self._alternates(path) if other != name]
            top = self._top(path.parent)
            if top != path.parent and not self._inside(top):
                self._outside.setdefault(name.partition(".")[0], top)
        for other, shown in alternates:
            self._paths.setdefault(other, shown)

    def module(self, shown: str) -> str:
        return self._names.get(shown, "")

    def path(self, module: str) -> str | None:
        """The scanned file of a module, by its own or another name it can be imported by."""
        return self._paths.get(module)

    def beside(self, module: str) -> Path | None:
        """The file of a module that was not scanned itself but belongs to a package of which a part was."""
        top = self._outside.get(module.partition(".")[0])
        if top is None:
            return None
        for path in _places(top, module):
            if path not in self._shown and self._exists(path):
                return path
        return None

    def neighbour(self, path: Path, module: str) -> Path | None:
        """The file that `import module` finds in `path`, where the layout alone does not say.

        A file outside packages is run as a script: what lies beside it comes first. Else the folders from its import root up to the
        scanned root are tried, as projects within a project have their import roots there.
        """
        if not self._init(path.parent):
            for candidate in _places(path.parent, module):
                if candidate != path and (candidate in self._shown or self._exists(candidate)):
                    return candidate
        if module in self._paths or module.partition(".")[0] in sys.stdlib_module_names:
            return None
        where = (self._top(path.parent), module)
        if where not in self._above:
            self._above[where] = self._find_above(*where)
        return self._above[where]

    def _find_above(self, top: Path, module: str) -> Path | None:
        for folder in (top, *top.parents):
            if not self._inside(folder):
                break
            for candidate in _places(folder, module):
                if candidate in self._shown:
                    return candidate
        return None

    def name_of(self, path: Path) -> str:
        """The dotted name of a file from its import root."""
        shown = self._shown.get(path)
        if shown is not None and shown in self._names:
            return self._names[shown]
        top = self._top(path.parent)
        if top == path.parent:
            top = self._loose_root(path)
        return dotted(_below(path, top))

    def _loose_root(self, path: Path) -> Path:
        """The import root of a file that is in no package: the scanned root, or the innermost `src` folder in it."""
        return next(iter(self._home(path.parent)), path.parent)

    def _alternates(self, path: Path) -> Iterable[str]:
        return [dotted(_below(path, top)) for top in self._home(path.parent)]

    def _home(self, folder: Path) -> tuple[Path, ...]:
        """The folders called `src` above the files of a folder, innermost first, and the scanned root."""
        known = self._homes.get(folder)
        if known is None:
            root = next((root for root in self._roots if folder.is_relative_to(root)), None)
            known = self._homes[folder] = () if root is None else (*_sources(root, folder), root)
        return known

    def _top(self, folder: Path) -> Path:
        """The folder above the outermost package of the chain that `folder` ends; `folder` itself when it is no package."""
        known = self._tops.get(folder)
        if known is None:
            known = self._top(folder.parent) if self._init(folder) and folder.parent != folder else self._installed(folder) or folder
            self._tops[folder] = known
        return known

    def _installed(self, folder: Path) -> Path | None:
        """The folder that the distribution around is installed in: packages without `__init__.py` above count for its names."""
        for above in (folder, *folder.parents):
            if not self._inside(above):
                return None
            if above not in self._records:
                self._records[above] = next(iter(sorted(above.glob("*.dist-info/RECORD"))), None)
            record = self._records[above]
            if record is not None:
                self.probed.add(record)
                return above
        return None

    def _init(self, folder: Path) -> bool:
        known = self._has_init.get(folder)
        if known is None:
            init = folder / "__init__.py"
            known = init in self._shown or self._exists(init)
            self._has_init[folder] = known
        return known

    def _exists(self, path: Path) -> bool:
        self.probed.add(path)
        try:
            return path.is_file()
        except (OSError, ValueError):
            return False

    def _inside(self, folder: Path) -> bool:
        known = self._within.get(folder)
        if known is None:
            known = self._within[folder] = any(folder.is_relative_to(root) for root in self._roots)
        return known


def _below(path: Path, folder: Path) -> str:
    """The path of a file from a folder above it; `relative_to` takes both apart for each of thousands of files."""
    return path.as_posix()[len(folder.as_posix().rstrip("/")) + 1 :]


def _sources(root: Path, innermost: Path) -> Iterator[Path]:
    """The folders called `src` from `innermost` up to `root`, which is none of them."""
    for folder in (innermost, *innermost.parents):
        if folder == root:
            return
        if folder.name == "src":
            yield folder


def _places(folder: Path, module: str) -> tuple[Path, ...]:
    """Where the file of a module may be."""
    parts = module.split(".")
    if not all(parts) or len(parts) > MAX_PARTS:
        return ()
    return folder.joinpath(*parts[:-1], parts[-1] + ".py"), folder.joinpath(*parts, "__init__.py")


def dotted(path: str) -> str:
    """`a/b/__init__.py` and `a/b.py` → `a.b`."""
    parts = escaped(path).split("/")
    name, _, suffix = parts[-1].rpartition(".")
    parts[-1] = name if name and suffix else parts[-1]
    if len(parts) > 1 and parts[-1] == "__init__":
        parts.pop()
    return ".".join(parts)
