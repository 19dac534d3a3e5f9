"""The sandbox refuses what it says, lets through what is allowed by name, and is gone afterwards."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import shutil
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_toolaudit import call, explore
from pytest_toolaudit.confirming.worlds import working_folder
from pytest_toolaudit.sandbox import Allowed, AllowError, RefusedError, Sandbox, parse

OUTSIDE = Path(__file__).parent / "written_by_a_test"


def _below_a_folder(act: Callable[[int], object]) -> Callable[[], object]:
    """The call with the descriptor of a folder outside."""

    def called() -> object:
        descriptor = os.open(OUTSIDE.parent, os.O_RDONLY)
        try:
            return act(descriptor)
        finally:
            os.close(descriptor)

    return called


def _attach() -> None:
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        try:
            connection.execute(f"ATTACH DATABASE '{OUTSIDE}' AS other")
        except sqlite3.DatabaseError as error:
            raise RefusedError(_Last.box.refused[-1]) from error


def _attach_bound() -> None:
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        try:
            connection.execute("ATTACH DATABASE ? AS other", (str(OUTSIDE),))
        except sqlite3.DatabaseError as error:
            raise RefusedError(_Last.box.refused[-1]) from error


def _connect_by_link() -> None:
    Path("way").symlink_to(OUTSIDE)
    sqlite3.connect("way").close()


def _link_by_link() -> None:
    Path("path").symlink_to(__file__)
    folder = os.open(".", os.O_RDONLY)
    try:
        os.link("path", "linked", src_dir_fd=folder)
    finally:
        os.close(folder)


def _vacuum() -> None:
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        try:
            connection.execute(f"VACUUM INTO '{OUTSIDE}'")
        except sqlite3.DatabaseError as error:
            raise RefusedError(_Last.box.refused[-1]) from error


class _Last:
    box: Sandbox


def _connect() -> None:
    with socket.socket() as one:
        one.settimeout(0.2)
        one.connect(("127.0.0.1", 9))


def _bind_loopback() -> None:
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        with contextlib.suppress(OSError), socket.socket(family) as one:  # a machine without IPv6
            one.bind((host, 0))


def _bind_everywhere() -> None:
    with socket.socket() as one:
        one.bind(("0.0.0.0", 0))


def _refused_by_the_host() -> None:
    with pytest.raises(OSError, match=r"(?i)refused|timed out"):
        _connect()


def _ended_child() -> None:
    with subprocess.Popen(["sleep", "60"]) as child:
        child.terminate()


REFUSED: dict[str, tuple[Callable[[], object], str]] = {
    "open for writing": (lambda: OUTSIDE.open("w"), f"--toolaudit-allow=write:{OUTSIDE.parent}"),
    "append": (lambda: OUTSIDE.open("a"), "write:"),
    "low-level open": (lambda: os.open(OUTSIDE, os.O_CREAT | os.O_WRONLY), "write:"),
    "mkdir": (lambda: OUTSIDE.mkdir(), "write:"),
    "unlink": (lambda: OUTSIDE.unlink(), "write:"),
    "rename away": (lambda: OUTSIDE.rename(OUTSIDE.with_suffix(".moved")), "write:"),
    "open below a folder": (_below_a_folder(lambda d: os.open(OUTSIDE.name, os.O_CREAT | os.O_WRONLY, dir_fd=d)), "write:"),
    "mkdir below a folder": (_below_a_folder(lambda d: os.mkdir(OUTSIDE.name, dir_fd=d)), "write:"),
    "unlink below a folder": (_below_a_folder(lambda d: os.unlink(OUTSIDE.name, dir_fd=d)), "write:"),
    "rename below a folder": (_below_a_folder(lambda d: os.rename("conftest.py", OUTSIDE.name, src_dir_fd=d, dst_dir_fd=d)), "write:"),
    "symlink below a folder": (_below_a_folder(lambda d: os.symlink("x", OUTSIDE.name, dir_fd=d)), "write:"),
    "chmod below a folder": (_below_a_folder(lambda d: os.chmod(Path(__file__).name, 0o644, dir_fd=d)), "write:"),
    "times by descriptor": (_below_a_folder(lambda d: os.utime(d)), "write:"),
    "rights by descriptor": (_below_a_folder(lambda d: os.fchmod(d, 0o755)), "write:"),
    "symlink": (lambda: OUTSIDE.symlink_to("x"), "write:"),
    "hard link out": (lambda: OUTSIDE.hardlink_to(__file__), "write:"),
    "hard link in": (lambda: os.link(__file__, "linked"), "write:"),
    "hard link in, by a link": (_link_by_link, "write:"),
    "chmod": (lambda: Path(__file__).chmod(0o644), "write:"),
    "chown": (lambda: os.chown(__file__, -1, -1), "write:"),
    "utime": (lambda: os.utime(__file__), "write:"),
    "truncate": (lambda: os.truncate(OUTSIDE, 0), "write:"),
    "pipe": (lambda: os.mkfifo(OUTSIDE), "write:"),
    "device": (lambda: os.mknod(OUTSIDE), "write:"),
    "database": (lambda: sqlite3.connect(OUTSIDE), "write:"),
    "database by address": (lambda: sqlite3.connect(f"file:{OUTSIDE}?cache=shared", uri=True), "write:"),
    "attached database": (_attach, "write:"),
    "database attached by a bound name": (_attach_bound, "write:"),
    "database behind a link": (_connect_by_link, "write:"),
    "database written out": (_vacuum, "write:"),
    "temporary file": (lambda: tempfile.mkstemp(dir="/var/tmp"), "write:"),
    "move over the null device": (lambda: Path("moved").replace(os.devnull), "write:"),
    "rmtree": (lambda: shutil.rmtree(OUTSIDE), "write:"),
    "connect": (_connect, "--toolaudit-allow=net:127.0.0.1"),
    "listen to others": (_bind_everywhere, "net:0.0.0.0"),
    "resolve a name": (lambda: socket.getaddrinfo("example.invalid", 80), "net:example.invalid"),
    "subprocess": (lambda: subprocess.run([sys.executable, "-c", ""], check=False), "--toolaudit-allow=subprocess:"),
    "os.system": (lambda: os.system("true"), "subprocess:true"),
    "kill": (lambda: os.kill(os.getpid(), 0), "--toolaudit-allow=signal"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_is_refused_with_the_option_that_allows_it(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    act, option = REFUSED[name]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "moved").touch()
    _Last.box = box = Sandbox(folders=(str(tmp_path),))
    with box.entered(), pytest.raises(RefusedError) as refused:
        act()
    assert option in str(refused.value)
    assert len(box.refused) == 1
    assert not OUTSIDE.exists()
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)


ALLOWED: dict[str, tuple[Callable[[], object], list[str]]] = {
    "reading": (lambda: Path(__file__).read_text(), []),
    "a database in memory": (lambda: sqlite3.connect(":memory:").close(), []),
    "a database that is only read": (lambda: sqlite3.connect(f"file:{OUTSIDE.parent}/none?mode=ro&x=1", uri=True), []),
    "a folder that is there": (lambda: OUTSIDE.parent.mkdir(exist_ok=True), []),
    "a folder by name": (lambda: (OUTSIDE.mkdir(), OUTSIDE.rmdir()), [f"write:{OUTSIDE.parent}"]),
    "a program by name": (lambda: subprocess.run(["true"], check=True), ["subprocess:true"]),
    "ending a program that was allowed": (_ended_child, ["subprocess:sleep"]),
    "all programs": (lambda: subprocess.run([sys.executable, "-c", ""], check=True), ["subprocess"]),
    "a host by name": (_refused_by_the_host, ["net:127.0.0.1"]),
    "this machine by another name": (_refused_by_the_host, ["net:localhost"]),
    "a place that only this machine reaches": (_bind_loopback, []),
    "signals": (lambda: os.kill(os.getpid(), 0), ["signal"]),
    "discarding output": (lambda: Path(os.devnull).write_text("x"), []),
}


@pytest.mark.parametrize("name", ALLOWED)
def test_is_let_through(name: str) -> None:
    act, words = ALLOWED[name]
    box = Sandbox(parse(words))
    with box.entered(), contextlib.suppress(sqlite3.OperationalError):  # nothing is there to be read
        act()
    assert box.refused == []


def test_inside_everything_may_be_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    box = Sandbox(folders=(str(tmp_path),))
    with box.entered():
        Path("one").write_text("x")
        Path("way").symlink_to(__file__)
        Path("way").unlink()  # the entry is inside, wherever it leads
        os.link("one", "two")
        Path("two").chmod(0o600)
        os.utime("two")
        descriptor = os.open(".", os.O_RDONLY)
        os.close(os.open("three", os.O_CREAT | os.O_WRONLY, dir_fd=descriptor))
        os.rename("three", "four", src_dir_fd=descriptor, dst_dir_fd=descriptor)
        os.close(descriptor)
        with contextlib.closing(sqlite3.connect("some.db")) as connection:
            connection.execute("ATTACH DATABASE 'other.db' AS other")
            connection.execute("CREATE TABLE other.t (x)")
    assert box.refused == []
    assert {path.name for path in tmp_path.iterdir()} == {"one", "two", "four", "some.db", "other.db"}


def test_a_link_that_leads_outside_is_followed(tmp_path: Path) -> None:
    (tmp_path / "way").symlink_to(OUTSIDE)
    with Sandbox(folders=(str(tmp_path),)).entered(), pytest.raises(RefusedError):
        (tmp_path / "way").write_text("x")
    assert not OUTSIDE.exists()


def test_temporary_files_lie_in_the_working_folder() -> None:
    with working_folder() as folder, Sandbox(folders=(str(folder),)).entered():
        with tempfile.NamedTemporaryFile() as file:
            assert Path(file.name).is_relative_to(folder)
        assert Path(os.environ["TMPDIR"]).is_relative_to(folder)
    assert not Path(tempfile.gettempdir()).is_relative_to(folder)


def test_nothing_is_refused_outside() -> None:
    with Sandbox().entered():
        pass
    OUTSIDE.mkdir()
    OUTSIDE.rmdir()
    assert signal.getsignal(signal.SIGINT) is not None


@pytest.mark.parametrize("word", ["net=1", "everything", "write:", "write"])
def test_an_unknown_permission_is_refused(word: str) -> None:
    with pytest.raises(AllowError, match="expected net:HOST"):
        parse([word])


def test_the_option_of_the_command_that_was_given_is_named() -> None:
    with Sandbox(parse([], "--allow")).entered(), pytest.raises(RefusedError, match=r"; --allow=signal allows it"):
        os.kill(os.getpid(), 0)


def test_permissions_add_up() -> None:
    assert parse(["net:a,net:b", "subprocess:git", "signal"]) == Allowed(frozenset({"a", "b"}), frozenset({"git"}), (), True)


def test_the_null_device_is_opened_but_never_removed() -> None:
    with Sandbox().entered() as sandbox:
        assert sandbox.judge("open", (os.devnull, "w", os.O_WRONLY)) is None
        for event, arguments in (("os.remove", (os.devnull, -1)), ("os.rename", ("x", os.devnull)), ("os.chmod", (os.devnull, 0))):
            assert sandbox.judge(event, arguments) is not None


def test_a_thread_that_goes_on_stays_in_the_sandbox_and_others_do_not(tmp_path: Path) -> None:
    go, refused = threading.Event(), []
    acts = [OUTSIDE.mkdir]
    if sys.version_info >= (3, 12):  # which tells of threads that start
        acts.append(threading.Thread(target=OUTSIDE.mkdir).start)

    def later() -> None:
        go.wait(10)
        for act in acts:
            try:
                act()
            except RefusedError as error:
                refused.append(str(error))

    before = threading.Thread(target=go.wait)
    before.start()
    with Sandbox(folders=(str(tmp_path),)).entered():
        thread = threading.Thread(target=later)
        thread.start()
    go.set()
    thread.join()
    before.join()
    after = threading.Thread(target=lambda: (OUTSIDE.mkdir(), OUTSIDE.rmdir()))
    after.start()
    after.join()
    assert len(refused) == len(acts)
    assert not OUTSIDE.exists()


def test_values_that_processes_share_are_made() -> None:
    with Sandbox().entered() as sandbox:
        assert multiprocessing.Value("i", 3).value == 3
    assert sandbox.refused == []


def test_a_batch_after_a_thread_that_was_left_behind(tmp_path: Path) -> None:
    go = threading.Event()
    with Sandbox(folders=(str(tmp_path),)).entered():
        thread = threading.Thread(target=go.wait)
        thread.start()
    go.set()
    thread.join()
    found = explore([call(os.getcwd), call(os.getcwd)])  # a thread of the batch may have the number of the one that has ended
    assert found.kind == "independent"
