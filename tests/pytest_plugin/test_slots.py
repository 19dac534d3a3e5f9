"""Objects without a dictionary: what stands in their slots is put back and compared, whoever made the slots."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest

from pytest_toolaudit import call, explore

LOCK = threading.Lock()


class Private:
    """A slot that the compiler names otherwise."""

    __slots__ = ("__count",)

    def __init__(self) -> None:
        self.__count = 0

    def count(self) -> None:
        self.__count = self.__count + 1


@dataclass(slots=True)
class Slotted:
    """As a decorator makes them."""

    count: int = 0


class Record(msgspec.Struct):
    """As a class of classes makes them, in C."""

    count: int = 0


PRIVATE, SLOTTED, RECORD = Private(), Slotted(), Record()


def counts_privately() -> None:
    PRIVATE.count()


def counts_slotted() -> None:
    SLOTTED.count += 1


def counts_in_a_record() -> None:
    RECORD.count += 1


@pytest.mark.parametrize("tool", [counts_privately, counts_slotted, counts_in_a_record])
def test_they_are_put_back_and_compared(tool: Callable[..., Any]) -> None:
    verdict = explore([call(tool), call(tool)])
    assert verdict.kind == "racy", verdict.render()
    assert (getattr(PRIVATE, "_Private__count"), SLOTTED.count, RECORD.count) == (0, 0, 0)  # noqa: B009 - no class of its own


def locked(tool: Callable[[], None]) -> None:
    with LOCK:
        tool()


@pytest.mark.parametrize("tool", [counts_privately, counts_slotted, counts_in_a_record])
def test_one_at_a_time_is_no_race(tool: Callable[..., Any]) -> None:
    verdict = explore([call(locked, tool), call(locked, tool)])
    assert verdict.kind == "serializable", verdict.render()
