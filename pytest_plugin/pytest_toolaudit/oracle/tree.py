"""A folder as it was: for what other programs write in it, of which no hook knows."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from pytest_toolaudit.engine.turn import quiet

LARGEST, MOST = 50_000_000, 5_000
Stamp = tuple[int, int, int]


class Tree:
    """The files and folders below a folder, kept in memory; a folder that is too large is left alone."""

    def __init__(self, root: str) -> None:
        self.root = Path(root)
        self.files: dict[str, tuple[Stamp, bytes]] = {}
        self.folders: set[str] = set()
        with quiet():
            found = _walked(root)
            self.kept = len(found) <= MOST and sum(stamp[1] for stamp in found.values() if stamp) <= LARGEST
            for name, stamp in found.items() if self.kept else ():
                if stamp is None:
                    self.folders.add(name)
                else:
                    self.files[name] = stamp, Path(name).read_bytes()

    def restore(self) -> None:
        """What is new is gone, what changed or went is as it was."""
        if not self.kept:
            return
        with quiet():
            found = _walked(str(self.root))
            for name in sorted(found, reverse=True):
                if name not in self.files and name not in self.folders:
                    shutil.rmtree(name, ignore_errors=True) if found[name] is None else Path(name).unlink(missing_ok=True)
            for name in sorted(self.folders - found.keys()):
                Path(name).mkdir(parents=True, exist_ok=True)
            for name, (stamp, content) in self.files.items():
                if found.get(name) != stamp:
                    file = Path(name)
                    file.unlink(missing_ok=True)  # git makes its objects read-only
                    file.write_bytes(content)
                    self.files[name] = _stamp(os.lstat(name)), content


def _walked(root: str) -> dict[str, Stamp | None]:
    """Path → what tells whether a file changed; None for a folder."""
    found: dict[str, Stamp | None] = {}
    for folder, folders, files in os.walk(root):
        found |= {os.path.join(folder, name): None for name in folders}
        for name in files:
            path = os.path.join(folder, name)
            if not os.path.islink(path):
                found[path] = _stamp(os.lstat(path))
    return found


def _stamp(stat: os.stat_result) -> Stamp:
    return stat.st_mtime_ns, stat.st_size, stat.st_ino
