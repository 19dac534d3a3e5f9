"""Resources outside memory: their names, their accesses, and what is put back."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pytest_toolaudit import call, explore
from pytest_toolaudit.engine.turn import READ, WRITE
from pytest_toolaudit.explorer import Explorer, Settings
from pytest_toolaudit.points import redis
from pytest_toolaudit.points.sql import touched
from pytest_toolaudit.search.schedule import Schedule


def accesses(tool: Callable[[], Any]) -> list[tuple[str, str]]:
    """What one call of the tool touches outside memory: kind and resource, without repeats in a row."""
    with Explorer([call(tool)], Settings()) as explorer:
        _, outcome, narrator = explorer.narrate(Schedule((0,)))
        assert outcome.results[0][0] == "returned", outcome
    found = [(step.kind, step.resource) for step in narrator.steps if not step.resource.startswith("memory:")]
    return [item for i, item in enumerate(found) if i == 0 or item != found[i - 1]]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with one file and one folder."""
    monkeypatch.chdir(tmp_path)
    Path("old.txt").write_text("old")
    Path("sub").mkdir()
    Path("sub/in.txt").write_text("in")


def use(text: str) -> Callable[[], Any]:
    """A tool that runs one statement."""

    def tool() -> None:
        exec(text, {"os": os, "shutil": shutil, "Path": Path, "tempfile": tempfile, "sqlite3": sqlite3, "sys": sys})

    return tool


FILE_CASES = {
    "open('old.txt').read()": [(READ, "cwd:process"), (READ, "file:old.txt")],
    "open('new.txt', 'w').write('x')": [
        (READ, "cwd:process"), (WRITE, "file:new.txt"), (WRITE, "dir:."), (WRITE, "file:new.txt"),
    ],
    "open(os.path.abspath('old.txt'), 'ab').write(b'x')": [
        (READ, "cwd:process"), (READ, "file:old.txt"), (WRITE, "file:old.txt"),
    ],
    "os.path.exists('sub/in.txt')": [(READ, "cwd:process"), (READ, "file:sub/in.txt")],
    "Path('old.txt').rename('moved.txt')": [
        (READ, "cwd:process"), (WRITE, "file:old.txt"), (READ, "cwd:process"), (WRITE, "file:moved.txt"), (WRITE, "dir:."),
    ],
    "os.remove('old.txt')": [(READ, "cwd:process"), (WRITE, "file:old.txt"), (WRITE, "dir:.")],
    "os.listdir('sub')": [(READ, "cwd:process"), (READ, "dir:sub")],
    "shutil.rmtree('sub')": [
        (READ, "cwd:process"), (WRITE, "dir:sub"), (WRITE, "dir:."), (WRITE, "file:sub/in.txt"),
    ],
    "os.environ.get('HOME')": [(READ, "env:HOME")],
    "os.environ.update(A='1')": [(WRITE, "env:A")],
    "os.getcwd()": [(READ, "cwd:process")],
    "os.umask(0o22)": [(WRITE, "other:umask")],
    "os.close(os.open('old.txt', os.O_RDONLY))": [(READ, "cwd:process"), (READ, "file:old.txt")],
    "fd = os.open('n.txt', os.O_CREAT | os.O_RDWR); os.write(fd, b'x'); os.read(fd, 1)": [
        (READ, "cwd:process"), (WRITE, "file:n.txt"), (WRITE, "dir:."), (WRITE, "file:n.txt"), (READ, "file:n.txt"),
    ],
    "list(Path('sub').iterdir())": [(READ, "cwd:process"), (READ, "dir:sub")],
    "[x for x in open('old.txt')]": [(READ, "cwd:process"), (READ, "file:old.txt")],
    "f = open('old.txt', 'r+'); f.readline(); f.writelines(['x']); f.flush(); f.truncate(1); f.close()": [
        (READ, "cwd:process"), (READ, "file:old.txt"), (WRITE, "file:old.txt"),
    ],
    "open('old.txt', 'rb', buffering=0).read()": [(READ, "cwd:process"), (READ, "file:old.txt")],
    "f = open('old.txt', 'rb'); f.readinto(bytearray(2)); f.readlines()": [(READ, "cwd:process"), (READ, "file:old.txt")],
    "shutil.copy('old.txt', os.path.abspath('copy.txt'))": None,
    "os.symlink('old.txt', 'link.txt')": None,
    "tempfile.NamedTemporaryFile(dir='.').close()": None,
}  # fmt: skip


@pytest.mark.parametrize("text", FILE_CASES)
def test_files(text: str) -> None:
    """Each operation is named, and afterwards the folder, the environment and the umask are as before."""

    def look() -> dict[str, str]:
        return {str(p): p.read_text() if p.is_file() else "" for p in sorted(Path().rglob("*"))}

    before, environment, umask = look(), dict(os.environ), os.umask(0o22)
    os.umask(umask)
    expected = FILE_CASES[text]
    found = accesses(use(text))
    assert expected is None or found == expected
    assert found
    assert look() == before
    assert dict(os.environ) == environment
    assert os.umask(umask) == umask


SQL_CASES = {
    "SELECT a FROM t WHERE b = 'FROM x'": [("read", "t")],
    "select * from T join u on t.id = u.id": [("read", "t"), ("read", "u")],
    'INSERT INTO "t" (a) SELECT a FROM u': [("read", "u"), ("write", "t")],
    "INSERT OR REPLACE INTO t VALUES (1)": [("write", "t")],
    "UPDATE shop.t SET n = n + 1": [("write", "t")],
    "DELETE FROM `t` WHERE a = 1": [("write", "t")],
    "CREATE TABLE IF NOT EXISTS t (a)": [("write", "t")],
    "DROP TABLE IF EXISTS t": [("write", "t")],
    "CREATE TABLE t (a)": [("write", "t"), ("write", "sqlite_master")],
    "SELECT name FROM sqlite_schema": [("read", "sqlite_master")],
    "PRAGMA table_info(t)": [("read", "t")],
    "pragma main.index_list('t')": [("read", "t")],
    "BEGIN IMMEDIATE": [],
    "COMMIT": [],
    "PRAGMA journal_mode = WAL": [],
    "SELECT 1": [],
    "-- FROM x\nSELECT a /* FROM y */ FROM t": [("read", "t")],
    "WITH x AS (SELECT 1) UPDATE t SET a = 1": [("write", "t")],
    "CALL something()": [("write", "*")],
    "": [],
}


@pytest.mark.parametrize("statement", SQL_CASES)
def test_sql(statement: str) -> None:
    """Tables read and written; what is not understood writes everything."""
    assert list(touched(statement)) == SQL_CASES[statement]


REDIS_CASES: dict[tuple[Any, ...], list[tuple[str, str]]] = {
    ("GET", "a"): [(READ, "redis:a")],
    ("set", b"a", 1): [(WRITE, "redis:a")],
    ("MGET", "a", "b"): [(READ, "redis:a"), (READ, "redis:b")],
    ("MSET", "a", 1, "b", 2): [(WRITE, "redis:a"), (WRITE, "redis:b")],
    ("EVAL", "return 1", "1", "k", "arg"): [(WRITE, "redis:k")],
    ("EVAL", "return 1", "0"): [(WRITE, "redis:*")],
    ("KEYS", "*"): [(READ, "redis:*")],
    ("FLUSHALL",): [(WRITE, "redis:*")],
    ("PING",): [],
    (): [],
}


@pytest.mark.parametrize("words", REDIS_CASES)
def test_redis_commands(words: tuple[Any, ...]) -> None:
    """Keys and kinds by command."""
    assert accesses(lambda: redis.command(words)) == REDIS_CASES[words]


def test_absolute_paths_are_portable(tmp_path: Path) -> None:
    """A name under a temporary folder does not contain what changes from run to run."""
    target = tmp_path / "a" / "b.txt"
    target.parent.mkdir()
    target.write_text("x")
    os.chdir("/")
    found = accesses(lambda: target.read_text())
    assert found == [(READ, "file:a/b.txt")]


def test_a_copy_is_torn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is copied over another is empty for a moment."""
    monkeypatch.chdir(tmp_path)

    def back_up() -> str:
        return str(shutil.copy("notes.json", "backup.json"))

    def restore() -> str:
        return Path("backup.json").read_text()

    def world() -> None:
        Path("notes.json").write_text("new")
        Path("backup.json").write_text("old")

    verdict = explore([call(back_up), call(restore)], state=world)
    assert verdict.kind == "racy"
    assert verdict.outcome.results[1] == ("returned", "")
