"""Files are put back byte by byte, whatever a schedule made of them."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from pytest_toolaudit import call, explore
from pytest_toolaudit.points.journal import Journal

pytestmark = pytest.mark.timeout(60)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder of each test."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("now", [b"", b"short", b"the same length!", b"a good deal longer than it was before" * 400])
@pytest.mark.parametrize("before", [b"", b"sixteen bytes ok"])
def test_what_a_file_holds(folder: Path, before: bytes, now: bytes) -> None:
    path = folder / "notes.txt"
    path.write_bytes(before)
    journal = Journal()
    journal.start()
    journal.before_write(str(path))
    path.write_bytes(now)
    journal.stop()
    assert path.read_bytes() == before


def test_a_link_to_nothing_is_removed_and_one_to_a_file_stays(folder: Path) -> None:
    (folder / "real.txt").write_text("kept")
    (folder / "link.txt").symlink_to("real.txt")
    journal = Journal()
    journal.start()
    for name in ("dangling.txt", "link.txt"):
        journal.before_write(str(folder / name))
    (folder / "dangling.txt").symlink_to("nowhere")
    (folder / "link.txt").unlink()
    journal.stop()
    assert not (folder / "dangling.txt").is_symlink()
    assert (folder / "link.txt").is_symlink()
    assert (folder / "real.txt").read_text() == "kept"


def add_one() -> None:
    """Reads a number and writes the next one."""
    number = int(Path("link.txt").read_text())
    Path("link.txt").write_text(str(number + 1))


def test_a_file_behind_a_link(folder: Path) -> None:
    (folder / "real.txt").write_text("1")
    (folder / "link.txt").symlink_to("real.txt")
    verdict = explore([call(add_one), call(add_one)])
    assert verdict.kind == "racy", verdict.render()
    assert (folder / "real.txt").read_text() == "1"


def withdraw() -> None:
    """Reads, then writes what it has read less one."""
    connection = sqlite3.connect("linked.db", isolation_level=None)
    (balance,) = connection.execute("SELECT balance FROM account").fetchone()
    connection.execute("UPDATE account SET balance = ?", (balance - 1,))
    connection.close()


def test_a_database_behind_a_link(folder: Path) -> None:
    with sqlite3.connect("bank.db") as connection:
        connection.execute("CREATE TABLE account(balance INT)")
        connection.execute("INSERT INTO account VALUES(100)")
    connection.close()
    (folder / "linked.db").symlink_to("bank.db")
    verdict = explore([call(withdraw), call(withdraw)])
    assert verdict.kind == "racy", verdict.render()
    assert not verdict.unobserved
