"""What functions keep between calls: caches, defaults, what a contextvar gives; locks that are entered by others."""

from __future__ import annotations

import contextlib
import functools
import threading
import types
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import pytest

from pytest_toolaudit import call, explore

MADE: list[str] = []
GUARD = threading.Lock()
TOTAL = {"n": 0}
SEEN: ContextVar[list[int]] = ContextVar("SEEN", default=[])  # noqa: B039 - the mistake is the point


@functools.cache
def client(name: str) -> int:
    MADE.append(name)
    return len(MADE)


@functools.lru_cache(maxsize=2)
def settings() -> dict[str, int]:
    MADE.append("settings")
    return {"number": len(MADE)}


OURS = types.ModuleType("ours")
OURS.client = client  # type: ignore[attr-defined]


def asks() -> int:
    return client("a")


def asks_locked() -> int:
    with GUARD:
        return client("a")


def asks_settings() -> int:
    return settings()["number"]


def asks_through_a_module() -> int:
    found: int = OURS.client("a")
    return found


def notes(item: int, known: list[int] = []) -> int:  # noqa: B006 - the mistake is the point
    number = len(known)
    known.append(item)
    return number


def tallies(item: str, *, counts: dict[str, int] = {}) -> int:  # noqa: B006 - the mistake is the point
    counts[item] = counts.get(item, 0) + 1
    return counts[item]


def visits(page: int) -> int:
    seen = SEEN.get()
    number = len(seen)
    seen.append(page)
    return number


def counts_in_a_stack() -> None:
    with contextlib.ExitStack() as stack:
        stack.enter_context(GUARD)
        old = TOTAL["n"]
        TOTAL["n"] = old + 1


@pytest.mark.parametrize(
    ("tool", "arguments", "resource"),
    [
        (asks, (), "memory:client"),
        (asks_settings, (), "memory:settings"),
        (asks_through_a_module, (), "memory:client"),
        (notes, (1,), "memory:cell:known"),
        (tallies, ("a",), "memory:cell:counts[a]"),
        (visits, (1,), "memory:SEEN"),
    ],
)
def test_it_is_shared(tool: Callable[..., Any], arguments: tuple[Any, ...], resource: str) -> None:
    verdict = explore([call(tool, *arguments), call(tool, *arguments)])
    assert verdict.kind == "racy", verdict.render()
    assert resource in verdict.resources
    assert verdict.witness is not None
    assert verdict.witness.replay() == verdict.outcome
    assert not MADE
    assert not SEEN.get()
    assert client.cache_info().currsize == settings.cache_info().currsize == 0


@pytest.mark.parametrize("tool", [asks_locked, counts_in_a_stack])
def test_a_lock_guards_it(tool: Callable[[], Any]) -> None:
    verdict = explore([call(tool), call(tool)])
    assert verdict.kind == "serializable", verdict.render()
    assert not verdict.notes
