"""The files a batch changes, as they were before: so that each schedule starts from the same files.

Only what is written is copied, so that a schedule that touches one small file costs one small file.
"""

from __future__ import annotations

import io
import os
import shutil
import stat
from collections.abc import Iterable
from typing import Any

from pytest_toolaudit.engine.turn import quiet
from pytest_toolaudit.points.resources import NAMES, as_text

LARGEST = 50_000_000
_lstat, _open, _fstat, _read, _close = os.lstat, os.open, os.fstat, os.read, os.close  # not the ones that a batch sees
_access, _seek, _write, _cut = os.access, os.lseek, os.write, os.ftruncate
_PLAINLY = getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_ASKS = os.access in os.supports_follow_symlinks
_Image = tuple[str, bytes | str | None, int]


class Journal:
    """Pre-images by absolute path. Inactive unless somebody asks for isolation."""

    def __init__(self) -> None:
        self.active = False
        self.images: dict[str, _Image] = {}
        self.skipped: list[str] = []

    def start(self) -> None:
        """Pre-images are taken from now on."""
        self.active = True
        self.images.clear()
        self.skipped.clear()

    def stop(self) -> None:
        """Puts back what is still changed, and takes no more pre-images."""
        if self.active:
            self.restore()
        self.active = False

    def before_write(self, path: Any) -> None:
        """Called before ``path`` is created, changed or removed for the first time."""
        text = as_text(path)
        if not self.active or text is None:
            return
        full = NAMES.full(text)
        if full not in self.images:
            self._take(full)

    def before_writes(self, paths: Iterable[str]) -> None:
        """The same for absolute paths."""
        for path in paths if self.active else ():
            if path not in self.images:
                self._take(path)

    def before_tree(self, path: Any) -> None:
        """As ``before_write`` for everything below a folder."""
        text = as_text(path)
        if not self.active or text is None:
            return
        self.before_write(text)
        for folder, _, files in os.walk(text):
            self.before_write(folder)
            for name in files:
                self.before_write(os.path.join(folder, name))

    def _take(self, path: str) -> None:
        with quiet():
            image = self.images[path] = self._image(path)
            if image[0] == "link":  # what is written goes where it leads
                real = os.path.realpath(path)
                self.images.setdefault(real, self._image(real))

    def _image(self, path: str) -> _Image:
        if is_absent(path):
            return ("absent", None, 0)
        try:
            status = _lstat(path)
            if stat.S_ISLNK(status.st_mode):
                return ("link", os.readlink(path), 0)
            if stat.S_ISDIR(status.st_mode):
                return ("folder", None, status.st_mode)
            if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST:
                self.skipped.append(path)
                return ("left", None, 0)
            found = head(path, status.st_size + 1)
            if len(found) != status.st_size:  # some files do not know how much they hold
                with io.FileIO(path) as file:
                    found = file.readall()
            return ("file", found, status.st_mode)
        except OSError:
            return ("absent", None, 0)

    def restore(self) -> None:
        """Every path as it was when the schedule began."""
        if not self.images:
            return
        changed = [path for path, image in self.images.items() if not _same(path, image)]
        for path in sorted(changed, key=len, reverse=True):
            if self.images[path][0] in ("absent", "file", "link"):
                _remove(path, self.images[path])
        for path in sorted(changed, key=len):
            _put_back(path, self.images[path])

    def forget(self) -> None:
        """The next schedule takes its own pre-images."""
        self.images.clear()


def is_absent(path: str) -> bool:
    """Whether nothing has this name; asked so that the answer raises nothing, where the platform can."""
    if _ASKS:
        return not _access(path, os.F_OK, follow_symlinks=False)
    try:
        _lstat(path)
    except OSError:
        return True
    return False


def head(path: str, size: int) -> bytes:
    """The first bytes of a file, so many at most."""
    descriptor = _open(path, os.O_RDONLY | _PLAINLY)
    try:
        return _read(descriptor, size)
    finally:
        _close(descriptor)


def _same(path: str, image: _Image) -> bool:
    """Whether the path is as it was; a file that only holds other bytes is given its own back on the way."""
    kind, content, mode = image
    if kind == "absent":
        return is_absent(path)
    if kind != "file" or not isinstance(content, bytes):
        return False
    try:
        descriptor = _open(path, os.O_RDWR | _PLAINLY | getattr(os, "O_NOFOLLOW", 0))
    except OSError:
        return False
    try:
        status = _fstat(descriptor)
        if status.st_mode != mode or not stat.S_ISREG(mode):
            return False
        if status.st_size != len(content) or _read(descriptor, len(content) + 1) != content:
            _seek(descriptor, 0, os.SEEK_SET)
            left = memoryview(content)
            while left:
                left = left[_write(descriptor, left) :]
            if status.st_size > len(content):
                _cut(descriptor, len(content))
        return True
    finally:
        _close(descriptor)


def _remove(path: str, image: _Image) -> None:
    if os.path.islink(path) or (os.path.exists(path) and not os.path.isdir(path)):
        if image[0] != "file":
            os.unlink(path)
    elif os.path.isdir(path):
        shutil.rmtree(path, ignore_errors=True)


def _put_back(path: str, image: _Image) -> None:
    kind, content, mode = image
    if kind == "folder":
        os.makedirs(path, exist_ok=True)
    elif kind == "link" and isinstance(content, str) and not os.path.lexists(path):
        os.symlink(content, path)
    elif kind == "file" and isinstance(content, bytes):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with io.FileIO(path, "w") as file:
            file.write(content)
        os.chmod(path, mode & 0o7777)


JOURNAL = Journal()
