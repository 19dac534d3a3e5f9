"""The sandbox refuses what it says, lets through what is allowed by name, and is gone afterwards."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_toolaudit.sandbox import Allowed, AllowError, RefusedError, Sandbox, parse

OUTSIDE = Path(__file__).parent / "written_by_a_test"


@pytest.fixture(autouse=True)
def temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The temporary folder is let through; a clone of this project may lie in the usual one."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


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
    "rmtree": (lambda: shutil.rmtree(OUTSIDE), "write:"),
    "connect": (_connect, "--toolaudit-allow=net:127.0.0.1"),
    "listen to others": (_bind_everywhere, "net:0.0.0.0"),
    "resolve a name": (lambda: socket.getaddrinfo("example.invalid", 80), "net:example.invalid"),
    "subprocess": (lambda: subprocess.run([sys.executable, "-c", ""], check=False), "--toolaudit-allow=subprocess:"),
    "os.system": (lambda: os.system("true"), "subprocess:true"),
    "kill": (lambda: os.kill(os.getpid(), 0), "--toolaudit-allow=signal"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_is_refused_with_the_option_that_allows_it(name: str) -> None:
    act, option = REFUSED[name]
    box = Sandbox()
    with box.entered(), pytest.raises(RefusedError) as refused:
        act()
    assert option in str(refused.value)
    assert len(box.refused) == 1
    assert not OUTSIDE.exists()


ALLOWED: dict[str, tuple[Callable[[], object], list[str]]] = {
    "reading": (lambda: Path(__file__).read_text(), []),
    "the temporary folder": (lambda: Path(tempfile.mkdtemp()).rmdir(), []),
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
    with box.entered():
        act()
    assert box.refused == []


def test_the_temporary_folder_is_not_looked_for_while_a_write_is_judged(tmp_path: Path) -> None:
    code = "from pytest_toolaudit.sandbox import Sandbox\nwith Sandbox(folders=('.',)).entered():\n    open('/one', 'w')"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert "RefusedError" in done.stderr


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
