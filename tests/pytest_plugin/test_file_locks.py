"""Locks on files: calls that hold one exclude each other, and what is done outside of it is still seen."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pytest_toolaudit import call, explore

if sys.platform == "win32":
    pytest.skip("flock is POSIX", allow_module_level=True)
import fcntl

NOTES, LOCK = "notes.json", "notes.lock"


def add(text: str) -> int:
    with Path(LOCK).open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _append(text)


def add_and_unlock(text: str) -> int:
    handle = os.open(LOCK, os.O_RDWR | os.O_CREAT)
    fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        return _append(text)
    finally:
        fcntl.flock(handle, fcntl.LOCK_UN)
        os.close(handle)


def add_if_free(text: str) -> int:
    with Path(LOCK).open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return -1
        return _append(text)


def add_under_a_lock_of_the_process(text: str) -> int:
    with Path(LOCK).open("a+") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX)
        return _append(text)


def remove_after_a_look() -> str:
    if not Path(NOTES).exists():
        return "nothing there"
    with Path(LOCK).open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        Path(NOTES).unlink()
    return "removed"


def _append(text: str) -> int:
    notes = json.loads(Path(NOTES).read_text())
    notes.append(text)
    Path(NOTES).write_text(json.dumps(notes))
    return len(notes)


@pytest.mark.parametrize(
    ("first", "second", "kind"),
    [
        (add, add, "order-dependent"),
        (add_and_unlock, add, "order-dependent"),
        (add_if_free, add, "racy"),
        (add_under_a_lock_of_the_process, add_under_a_lock_of_the_process, "racy"),
    ],
)
def test_flock_makes_calls_wait(
    first: Callable[[str], int], second: Callable[[str], int], kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    verdict = explore([call(first, "a"), call(second, "b")], state=lambda: Path(NOTES).write_text("[]"))
    assert verdict.kind == kind
    assert not any("outside our control" in note for note in verdict.notes)


def test_a_look_before_the_lock_is_a_race(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    calls: list[Any] = [call(remove_after_a_look), call(remove_after_a_look)]
    verdict = explore(calls, state=lambda: Path(NOTES).write_text("[]"))
    assert verdict.kind == "racy"
    assert verdict.witness is not None
    assert "FileNotFoundError" in verdict.render()


def _patiently(seconds: float, text: str, work: Callable[[str], int]) -> int:
    """As libraries do that have a time limit: tries ten times."""
    with Path(LOCK).open("a+") as lock:
        deadline = time.monotonic() + seconds
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    return -1
                time.sleep(seconds / 10)
        return work(text)


def add_patiently(text: str) -> int:
    return _patiently(1, text, _append)


def add_at_leisure(text: str) -> int:
    """Holds the lock for a minute."""
    return _patiently(1, text, lambda text: (time.sleep(60), _append(text))[1])


def test_who_keeps_trying_waits_for_the_holder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time limit passes only when the holder lets it pass: a correct tool was called racy whose tries came to their end meanwhile."""
    monkeypatch.chdir(tmp_path)
    verdict = explore([call(add_patiently, "a"), call(add_patiently, "b")], state=lambda: Path(NOTES).write_text("[]"), budget=60)
    assert verdict.kind == "order-dependent", verdict.render()


def test_who_keeps_trying_gives_up_when_the_holder_sleeps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    verdict = explore([call(add_at_leisure, "a"), call(add_patiently, "b")], state=lambda: Path(NOTES).write_text("[]"), budget=60)
    assert verdict.kind == "racy", verdict.render()
    assert ("returned", -1) in verdict.outcome.results
