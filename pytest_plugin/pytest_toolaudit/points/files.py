"""Files: open, read, write, close, stat, rename, remove and listing as reads and writes of named resources."""

from __future__ import annotations

import builtins
import glob
import io
import os
import shutil
import sys
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any

from pytest_toolaudit.engine.patches import Patches
from pytest_toolaudit.engine.turn import READ, WRITE, holds_turn, quiet
from pytest_toolaudit.points import filelocks
from pytest_toolaudit.points.journal import JOURNAL
from pytest_toolaudit.points.resources import ITSELF, NAMES, as_text, touch, touch_listing, touch_path

_readlink, _lstat = os.readlink, os.lstat


def _lexists(path: Any) -> bool:
    try:
        _lstat(path)  # os.path.lexists would go through the patched one
    except (OSError, ValueError):
        return False
    return True


def _pointed(base: Any) -> Any:
    """A subclass of an io class whose reads and writes are points; a run of equal operations is one point."""

    class Pointed(base):  # type: ignore[misc]
        _resource = _last = ""

        def _at(self, kind: str, operation: str) -> None:
            if self._last != kind and self._resource and holds_turn():
                self._last = kind
                touch(kind, self._resource, f"{operation} {self._resource.partition(':')[2]}")

        def read(self, *args: Any) -> Any:
            self._at(READ, "read")
            return super().read(*args)

        def readline(self, *args: Any) -> Any:
            self._at(READ, "read")
            return super().readline(*args)

        def readlines(self, *args: Any) -> Any:
            self._at(READ, "read")
            return super().readlines(*args)

        def __next__(self) -> Any:
            self._at(READ, "read")
            return super().__next__()

        def readinto(self, *args: Any) -> Any:
            self._at(READ, "read")
            return super().readinto(*args)

        def write(self, data: Any) -> Any:
            self._at(WRITE, "write")
            return super().write(data)

        def writelines(self, lines: Any) -> None:
            self._at(WRITE, "write")
            super().writelines(lines)

        def truncate(self, *args: Any) -> Any:
            self._last = ""
            self._at(WRITE, "truncate")
            return super().truncate(*args)

        def flush(self) -> None:
            if self._last == WRITE and not self.closed:
                self._last = ""
                self._at(WRITE, "flush")
                self._last = ""
            super().flush()

        def close(self) -> None:
            if self._last == WRITE and not self.closed:
                self._last = ""
                self._at(WRITE, "close")
                self._last = ""
            number = filelocks.descriptor(self)
            super().close()
            filelocks.freed(number)

    Pointed.__name__ = Pointed.__qualname__ = base.__name__
    Pointed.__module__ = base.__module__
    return Pointed


_Text, _Reader, _Writer, _Random = (_pointed(base) for base in (io.TextIOWrapper, io.BufferedReader, io.BufferedWriter, io.BufferedRandom))


def _open(original: Callable[..., Any]) -> Callable[..., Any]:
    def open(  # noqa: A001 - takes the place of open
        file: Any,
        mode: str = "r",
        buffering: int = -1,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
        closefd: bool = True,
        opener: Any = None,
    ) -> Any:
        path = as_text(file) if holds_turn() else None
        if path is None:
            return original(file, mode, buffering, encoding, errors, newline, closefd, opener)
        writes = any(letter in mode for letter in "wax+")
        changes = any(letter in mode for letter in "wx")
        resource = touch_path(WRITE if changes else READ, path, f"open {mode}".rstrip())
        assert resource is not None
        if writes:
            JOURNAL.before_write(path)
            if not _lexists(path):
                touch_listing(path, f"create {os.path.basename(path)}")
        if buffering == 0:
            return original(file, mode, buffering, encoding, errors, newline, closefd, opener)
        return _build(path, mode, buffering, encoding, errors, newline, closefd, opener, resource, original)

    return open


def _build(
    file: str, mode: str, buffering: int, encoding: str | None, errors: str | None, newline: str | None,
    closefd: bool, opener: Any, resource: str, original: Callable[..., Any],
) -> Any:  # fmt: skip
    kind = mode.replace("t", "").replace("b", "")
    if kind not in ("r", "w", "a", "x", "r+", "w+", "a+", "x+") or ("b" in mode and (encoding or newline)):
        return original(file, mode, buffering, encoding, errors, newline, closefd, opener)
    raw = io.FileIO(file, kind, closefd, opener)
    buffered = _Random if "+" in kind else _Reader if kind == "r" else _Writer
    plain = io.BufferedRandom if "+" in kind else io.BufferedReader if kind == "r" else io.BufferedWriter
    size = buffering if buffering > 1 else io.DEFAULT_BUFFER_SIZE
    result: Any
    if "b" in mode:
        result = buffered(raw, size)
    else:
        result = _Text(plain(raw, size), encoding, errors, newline, line_buffering=buffering == 1)
        result.mode = mode
    result._resource = resource
    if kind.startswith("a"):
        raw.seek(0, io.SEEK_END)
    return result


def _path_reader(operation: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def make(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(path: Any = ".", *args: Any, **kwargs: Any) -> Any:
            if holds_turn() and kwargs.get("dir_fd") is None:
                touch_path(READ, path, operation)
            return original(path, *args, **kwargs)

        return call

    return make


def _lister(operation: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def make(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(path: Any = ".") -> Any:
            if holds_turn():
                touch_path(READ, path if path is not None else ".", operation, folder=True)
            return original(path)

        return call

    return make


_FOLDERS = ("mkdir", "rmdir")


def _changer(operation: str, listing: bool) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def make(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(path: Any, *args: Any, **kwargs: Any) -> Any:
            if not holds_turn() or isinstance(path, int):
                return original(path, *args, **kwargs)
            path_ = _with_folder(path, kwargs.get("dir_fd"))
            folder = operation in _FOLDERS
            touch_path(WRITE, path_, operation, folder, ITSELF if folder else "")
            JOURNAL.before_write(path_)
            if listing:
                touch_listing(path_, f"{operation} {os.path.basename(as_text(path_) or '')}")
            return original(path, *args, **kwargs)

        return call

    return make


def _with_folder(path: Any, dir_fd: int | None) -> Any:
    if dir_fd is None:
        return path
    try:
        return os.path.join(_readlink(f"/proc/self/fd/{dir_fd}"), as_text(path) or "")
    except OSError:
        return path


def _mover(operation: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def make(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(source: Any, target: Any, **kwargs: Any) -> Any:
            if holds_turn():
                if operation not in ("link", "symlink"):
                    touch_path(WRITE, source, operation)
                    JOURNAL.before_write(source)
                touch_path(WRITE, target, f"{operation} to")
                JOURNAL.before_write(target)
                touch_listing(target, f"{operation} {os.path.basename(as_text(target) or '')}")
            return original(source, target, **kwargs)

        return call

    return make


def _os_open(original: Callable[..., Any]) -> Callable[..., Any]:
    def call(path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if holds_turn() and as_text(path) is not None:
            writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
            full = _with_folder(path, dir_fd)
            if writes:
                JOURNAL.before_write(full)
            resource = touch_path(WRITE if writes else READ, full, "os.open")
            if flags & os.O_CREAT and not _lexists(full):
                touch_listing(full, f"create {os.path.basename(as_text(full) or '')}")
            fd: int = original(path, flags, mode, dir_fd=dir_fd)
            if resource is not None:
                _descriptors[fd] = resource
            return fd
        return int(original(path, flags, mode, dir_fd=dir_fd))

    return call


_descriptors: dict[int, str] = {}


def _on_descriptor(kind: str, operation: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def make(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(fd: int, *args: Any) -> Any:
            if fd in _descriptors and holds_turn():
                resource = _descriptors[fd]
                touch(kind, resource, f"{operation} {resource.partition(':')[2]}")
                if operation == "os.close":
                    _descriptors.pop(fd, None)
            answer = original(fd, *args)
            if operation == "os.close":
                filelocks.freed(fd)
            return answer

        return call

    return make


def _copying(original: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
    def copy(source: Any, target: Any) -> None:
        if holds_turn() and isinstance(getattr(target, "name", None), str):
            touch_path(WRITE, target.name, "copy into")  # the file was emptied when it was opened
        return original(source, target)

    return copy


def _rmtree(original: Any) -> Any:
    def rmtree(path: Any, *args: Any, **kwargs: Any) -> Any:
        if not holds_turn():
            return original(path, *args, **kwargs)
        touch_path(WRITE, path, "rmtree", folder=True, name=ITSELF)
        touch(WRITE, NAMES.resource("dir", os.fspath(path)), "rmtree of what is in it")
        touch_listing(path, f"rmtree {os.path.basename(as_text(path) or '')}")
        with quiet():
            below = [os.path.join(folder, name) for folder, _, names in os.walk(path) for name in sorted(names)]
        for file in below:
            touch(WRITE, NAMES.resource("file", file), "rmtree")
        with quiet():
            JOURNAL.before_tree(path)
            return original(path, *args, **kwargs)

    rmtree.avoids_symlink_attacks = getattr(original, "avoids_symlink_attacks", False)  # type: ignore[attr-defined]
    return rmtree


_KEPT = (("tarfile", "bltn_open"), ("bz2", "_builtin_open"))  # modules of the standard library that name it otherwise


def install(patches: Patches, modules: Iterable[ModuleType]) -> None:
    """Everything of ``open``, ``os`` and ``shutil`` that reads or changes files."""
    also = list(modules)
    plain = builtins.open
    pointed = _open(plain)
    patches.set(builtins, "open", pointed)
    patches.set(io, "open", pointed)
    patches.everywhere("open", plain, pointed)  # who imports it by name, libraries too
    patches.follows(plain, pointed)
    for owner, name in _KEPT:
        if vars(sys.modules.get(owner, builtins)).get(name) is plain:
            patches.set(sys.modules[owner], name, pointed)
    for name in ("stat", "lstat", "access", "readlink"):
        patches.wrap(os, name, _path_reader(name), also)
    for name in ("listdir", "scandir"):
        patches.wrap(os, name, _lister(name), also)
    globber = vars(glob).get("_StringGlobber")  # CPython 3.13: pathlib's patterns list folders through a class that keeps the function
    if globber is not None and isinstance(vars(globber).get("scandir"), staticmethod):
        patches.set(globber, "scandir", staticmethod(os.scandir))
    for name, listing in (
        ("remove", True), ("unlink", True), ("mkdir", True), ("rmdir", True), ("truncate", False), ("chmod", False),
        ("utime", False),
    ):  # fmt: skip
        patches.wrap(os, name, _changer(name, listing), also)
    for name in ("rename", "replace", "link", "symlink"):
        patches.wrap(os, name, _mover(name), also)
    patches.wrap(os, "open", _os_open, also)
    patches.wrap(os, "write", _on_descriptor(WRITE, "os.write"), also)
    patches.wrap(os, "read", _on_descriptor(READ, "os.read"), also)
    for kind, names in ((READ, ("pread", "readv", "preadv")), (WRITE, ("pwrite", "writev", "pwritev", "ftruncate"))):
        for name in names:
            if hasattr(os, name):
                patches.wrap(os, name, _on_descriptor(kind, f"os.{name}"), also)
    patches.wrap(os, "close", _on_descriptor(READ, "os.close"), also)
    patches.wrap(shutil, "rmtree", _rmtree, also)
    patches.wrap(shutil, "_fastcopy_sendfile", _copying)
    patches.later("descriptors", _descriptors.clear)


def final(resource: str) -> Any:
    """What a file or folder holds now: its bytes, a folder's names, or None when it does not exist."""
    path = NAMES.paths.get(resource, "")
    try:
        with io.FileIO(path) as file:
            return file.readall()
    except IsADirectoryError:
        return ("folder", *sorted(os.listdir(path)))
    except OSError:
        return ("folder", *sorted(os.listdir(path))) if os.path.isdir(path) else None  # Windows names the folder otherwise
