"""Names of resources outside memory: what the scan calls ``file:notes.json`` is called the same here."""

from __future__ import annotations

import os
import re
import tempfile
from _thread import get_ident
from typing import Any

from pytest_toolaudit.engine.turn import READ, WRITE, Site, point, quiet, turn

_PYTEST_FOLDER = re.compile(r"^pytest-of-[^/]+/pytest-\d+/(?:popen-gw\d+/)?[^/]+/")
_MOST_SITES = 5000
CWD, MASK = "cwd:process", "other:umask"
ITSELF = "itself"  # of a folder: that it exists, not what it lists
_getcwd = os.getcwd
_abspath = os.path.abspath


class Names:
    """Remembers, for the time of one exploration, which path each name stands for, and which sites exist."""

    def __init__(self) -> None:
        self.roots: list[str] = []
        self.paths: dict[str, str] = {}
        self.sites: dict[tuple[str, str, str], Site] = {}
        self.known: dict[tuple[str, str], str] = {}
        self.fulls: dict[tuple[str, str], str] = {}
        self.temporary = ""

    def start(self, roots: list[str]) -> None:
        """``roots``: folders below which a path is shown relative, the working folder first."""
        self.roots = [os.path.realpath(root).rstrip("/") + "/" for root in roots if root not in ("", "/")]
        self.temporary = os.path.realpath(tempfile.gettempdir()).rstrip("/") + "/"
        self.paths.clear()
        if len(self.sites) > _MOST_SITES:  # schedules hold sites, so they outlive an exploration
            self.sites.clear()
        self.known.clear()
        self.fulls.clear()

    def shown(self, path: str) -> str:
        """A path as a reader knows it, the same on every machine wherever that is possible."""
        for root in self.roots:
            if path.startswith(root):
                return path[len(root) :]
            if path + "/" == root:
                return "."
        for folder in (self.temporary, "/dev/shm/"):
            if path.startswith(folder):
                rest = path[len(folder) :]
                shorter = _PYTEST_FOLDER.sub("", rest)
                return shorter if shorter != rest else rest.partition("/")[2] or ("." if os.path.isdir(path) else rest)
        return path

    def full(self, path: str) -> str:
        """The absolute path; the text alone decides, no file is looked at."""
        cwd = "" if path.startswith("/") else _getcwd()
        found = self.fulls.get((cwd, path))
        if found is None:
            found = self.fulls[cwd, path] = os.path.normpath(os.path.join(cwd, path))
        return found

    def resource(self, kind: str, path: str) -> str:
        """``file:notes.json`` for an absolute or relative path."""
        cwd = "" if path.startswith("/") else _getcwd()
        found = self.known.get((cwd, kind + path))
        if found is None:
            with quiet():  # realpath looks at files, and those looks are no points
                full = self.full(path)
                real = os.path.realpath(os.path.dirname(full)) + "/" + os.path.basename(full)
                found = f"{kind}:{self.shown(real)}"
            self.known[cwd, kind + path] = found
            self.paths[found] = full
        return found


NAMES = Names()


def as_text(path: Any) -> str | None:
    """A path argument as text; None for file descriptors and nonsense."""
    if isinstance(path, str):
        return path
    if isinstance(path, int):
        return None
    try:
        return os.fsdecode(path)
    except (TypeError, ValueError):
        return None


def touch(kind: str, resource: str, operation: str, name: str = "") -> None:
    """A point on a resource outside memory; ``kind`` is READ or WRITE, ``operation`` the text shown."""
    if get_ident() == turn.ident or turn.ident:
        site = NAMES.sites.get((kind, resource, operation))
        if site is None:
            site = NAMES.sites[kind, resource, operation] = Site(kind, operation, name=name)
        point(site, None, resource)


def touch_path(kind: str, path: Any, operation: str, folder: bool = False, name: str = "") -> str | None:
    """A point on a file (or folder). A relative path also reads the working folder. Returns the resource's name."""
    text = as_text(path)
    if text is None or get_ident() != turn.ident:
        return None
    if not text.startswith("/"):
        touch(READ, CWD, f"{operation}({text!r})")
    resource = NAMES.resource("dir" if folder else "file", text)
    touch(kind, resource, f"{operation}({os.path.basename(text) or text!r})", name)
    return resource


class Umask:
    """Whether a call of the batch changes the mask that new files are made with: only then does making one read it."""

    changed = False


def touch_listing(path: Any, operation: str) -> None:
    """A file appeared or went away: whoever lists its folder sees that."""
    text = as_text(path)
    if text is not None and get_ident() == turn.ident:
        if Umask.changed:
            touch(READ, MASK, operation)
        touch(WRITE, NAMES.resource("dir", os.path.dirname(text) or "."), operation)
