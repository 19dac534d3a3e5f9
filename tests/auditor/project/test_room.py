"""What was let go is given back to the system."""

from __future__ import annotations

import platform
from pathlib import Path

import pytest

from toolaudit.project.room import give_back


def resident() -> int:
    """Bytes of this process that are in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries give back by themselves")
def test_room_between_what_is_held_is_given_back() -> None:
    made = [bytes(2_000) for _ in range(50_000)]
    held = made[::500]
    full = resident()
    made.clear()
    give_back()
    assert len(held) == 100
    assert resident() < full - 60_000_000


def test_a_system_without_such_a_library_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def missing(name: object) -> object:
        asked.append(name)
        raise OSError(name)

    monkeypatch.setattr("ctypes.CDLL", missing)
    give_back()
    assert asked
