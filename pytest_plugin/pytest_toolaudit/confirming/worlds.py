"""The folders in which batches run: empty ones, and such with the documents, databases and repositories that the tools work on."""

from __future__ import annotations

import inspect
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar

from pytest_toolaudit.confirming.arguments import DATABASE, INSIDE, STEM
from pytest_toolaudit.confirming.documents import PLAIN, content, kind_of
from pytest_toolaudit.confirming.repository import repository
from pytest_toolaudit.confirming.work import Work
from pytest_toolaudit.oracle.world import WorkingFolder
from toolaudit_reports.document import Tool

Files = Mapping[str, bytes]
TEXTS = {PLAIN: (b"[]", b"{}"), "txt": (b"alpha\nbeta\n",)}
LARGEST = 10_000_000
GIT = ("git", "dulwich", "pygit2")
HOMES = ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")
TEMPORARY = ("TMPDIR", "TEMP", "TMP")
TEMP = ".tmp"


class Home:
    """What imported modules rely on for as long as the process lives: the folder that was home, and folders and files they made in it."""

    folder: str | None = None
    made: ClassVar[set[str]] = set()
    files: ClassVar[dict[str, bytes]] = {}


@contextmanager
def working_folder() -> Iterator[Path]:
    """An empty working folder (in memory where the machine has such a place), which is home too and holds the folder for temporary files."""
    saved = {name: os.environ.get(name) for name in (*HOMES, *TEMPORARY)}
    with WorkingFolder(Home.folder) as folder:
        Home.folder = Home.folder or str(folder)
        temporary, before = folder / TEMP, tempfile.tempdir
        temporary.mkdir()
        os.environ.update({**dict.fromkeys(HOMES, str(folder)), **dict.fromkeys(TEMPORARY, str(temporary))})
        tempfile.tempdir = str(temporary)
        try:
            yield folder
        finally:
            tempfile.tempdir = before
            for name, value in saved.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value


def keep_folders(folder: Path, *, hidden: bool = False) -> None:
    """Remembers the folders that modules made while they were imported or started: they make them once. `hidden`: only settings and such."""
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_dir()}
    Home.made |= {name for name in found if name.startswith(".") or not hidden}


def keep_files(folder: Path) -> None:
    """Remembers the files that modules made while they were imported: databases with tables, settings."""
    for path in folder.rglob("*"):
        if path.is_file() and path.stat().st_size <= LARGEST:
            Home.files.setdefault(path.relative_to(folder).as_posix(), path.read_bytes())


def worlds(
    work: Work,
    functions: Sequence[Callable[..., Any]],
    known: Mapping[str, str] = MappingProxyType({}),
    makers: Sequence[tuple[str, Callable[..., Any], Tool]] = (),
) -> tuple[Files, ...]:
    """The start states to try, the likeliest first. `known`: tool (its id) → the kind of document that it is known to work on; `makers` are
    called before."""
    users = [*zip(functions, work.tools, strict=True), *((function, tool) for _, function, tool in makers)]
    kinds = tuple(dict.fromkeys(known.get(tool.id) or kind_of(function, tool) for function, tool in users))
    documents: dict[str, bytes] = {}
    for kind in kinds:
        data = content(kind)
        if data is not None:
            documents |= {f"{STEM}.{kind}": data, f"{STEM}1.{kind}": data}
    empty: Files = {}
    found: list[Files] = [documents, empty] if documents else [empty]
    if PLAIN in kinds or "txt" in kinds or not documents:
        for text in (text for texts in TEXTS.values() for text in texts):
            found.append({f"{STEM}.{kinds[0]}": text, f"{STEM}1.{kinds[0]}": text})
    found = [_with_key(files, work) for files in found]
    if any(_of_git(function) for function in functions):
        found = [{**files, **repository(files)} for files in found if files or len(found) == 1]
    if work.resource_kind == "sql":
        found = [{**files, DATABASE: content("db") or b""} for files in found]
    if work.resource_kind == "cwd":
        found = [{**files, f"{INSIDE}/{STEM}.txt": b"alpha\n", f"{INSIDE}1/{STEM}.txt": b"alpha\n"} for files in found]
    return tuple(found)


def _with_key(files: Files, work: Work) -> Files:
    """A file that the scan names is there too, where the world has any."""
    if work.resource_kind != "file" or not files or not _plain_name(work.key):
        return files
    own = content(Path(work.key).suffix[1:])
    return {**files, work.key: own if own is not None else next(iter(files.values()))}


def _plain_name(key: str) -> bool:
    return bool(Path(key).name) and not any(c in key for c in "{}:*<> ") and not Path(key).is_absolute() and ".." not in Path(key).parts


def _of_git(function: Callable[..., Any]) -> bool:
    module = sys.modules.get(getattr(inspect.unwrap(getattr(function, "func", function)), "__module__", ""))
    values = list(vars(module).values()) if module is not None else []
    names = {str(getattr(value, "__name__" if inspect.ismodule(value) else "__module__", "")).partition(".")[0] for value in values}
    return bool(names & set(GIT)) or "git" in str(getattr(module, "__name__", "")).replace("_", ".").split(".")


def fill(folder: Path, files: Files) -> None:
    """Makes the folder hold these files and what modules rely on, nothing else."""
    files = {**Home.files, **files}
    for entry in folder.iterdir():
        if entry.is_file() and files.get(entry.name) == entry.read_bytes():
            continue  # a module may hold it open
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)
    for name in sorted(Home.made):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        file = folder / name
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
