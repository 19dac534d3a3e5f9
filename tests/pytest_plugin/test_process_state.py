"""Settings that all calls of a process share: named as the scan names them, seen, and put back."""

from __future__ import annotations

import contextlib
import io
import json
import locale
import logging
import os
import random
import socket
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pytest_toolaudit import call, explore
from pytest_toolaudit.points.settings import SETTINGS

LOG = logging.getLogger("toolaudit-process-state")
KEPT = io.StringIO()


def _twice(value: Any, get: Callable[[], Any], put: Callable[[Any], Any]) -> Any:
    old = get()
    put(value)
    seen = get()
    put(old)
    return seen == value


def limits(n: int) -> Any:
    """The interpreter's limits."""
    return _twice(1000 + n, sys.getrecursionlimit, sys.setrecursionlimit)


def intervals(n: int) -> Any:
    """The same."""
    return _twice(n / 10, sys.getswitchinterval, sys.setswitchinterval)


def timeouts(n: int) -> Any:
    """Of all sockets to come."""
    return _twice(float(n), socket.getdefaulttimeout, socket.setdefaulttimeout)


def locales(n: int) -> Any:
    """Of the whole process."""
    return _twice(("C", "C.UTF-8")[n - 1], lambda: locale.setlocale(locale.LC_CTYPE), lambda name: locale.setlocale(locale.LC_CTYPE, name))


def levels(n: int) -> Any:
    """A logger's level, changed for a while."""
    return _twice(n * 10, LOG.getEffectiveLevel, LOG.setLevel)


def handlers(n: int) -> Any:
    """A handler hears what others log."""
    heard = io.StringIO()
    handler = logging.StreamHandler(heard)
    LOG.addHandler(handler)
    LOG.warning("%s", n)
    LOG.removeHandler(handler)
    return heard.getvalue()


def filters(n: int) -> Any:
    """Two that each restore what they found."""
    with warnings.catch_warnings():
        warnings.simplefilter("error" if n == 1 else "ignore")
        try:
            warnings.warn("old", stacklevel=1)
        except UserWarning:
            return "raised"
        return "passed"


def seeds(n: int) -> Any:
    """One generator for all."""
    random.seed(n)
    return random.random(), random.randint(0, 1000)


def arguments(n: int) -> Any:
    """The command line, changed for a while."""
    old = sys.argv
    sys.argv = [str(n)]
    seen = sys.argv[0]
    sys.argv = old
    return seen


def replaced(n: int) -> Any:
    """A function of somebody else's module, changed for a while."""
    old = json.dumps
    json.dumps = lambda _: str(n)
    seen = json.dumps(0)
    json.dumps = old
    return seen


def in_memory(n: int) -> Any:
    """A file that is kept in memory."""
    KEPT.seek(0)
    found = KEPT.read()
    KEPT.seek(0)
    KEPT.write(found + str(n))
    return None


TOOLS = {
    limits: "other:sys.settings",
    intervals: "other:sys.settings",
    timeouts: "other:socket.timeout",
    locales: "other:locale",
    levels: "memory:logging",
    handlers: "memory:logging",
    filters: "other:warnings.filters",
    seeds: "memory:random",
    arguments: "other:sys.argv",
    replaced: "memory:json.dumps",
    in_memory: "memory:KEPT",
}


def _all() -> dict[str, Any]:
    return {one.resource: one.shown(one.get()) for one in SETTINGS} | {
        "random": random.getstate(), "argv": list(sys.argv), "dumps": json.dumps, "kept": KEPT.getvalue(), "umask": os.umask(os.umask(0o22)),
    }  # fmt: skip


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """Whatever the verdict: the settings are as they were."""
    before = _all()
    yield
    assert _all() == before


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.__name__)
def test_racy(tool: Callable[[int], Any]) -> None:
    """Changed, used and changed back: another call comes in between."""
    verdict = explore([call(tool, 1), call(tool, 2)])
    assert verdict.kind == "racy", verdict.render()
    assert TOOLS[tool] in verdict.resources


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.__name__)
def test_one_of_each(tool: Callable[[int], Any]) -> None:
    """Beside a call that only logs and warns nobody is disturbed."""

    def quiet() -> str:
        logging.getLogger("toolaudit-quiet").info("nothing")
        return json.loads('"x"')

    assert explore([call(tool, 1), call(quiet)]).kind in ("independent", "serializable")


def test_left_changed() -> None:
    """A call that does not put it back: the next schedule starts from the old value."""

    def spoil() -> int:
        found = sys.getrecursionlimit()
        sys.setrecursionlimit(found + 50)
        random.seed(1)
        json.dumps = str
        logging.disable(logging.CRITICAL)
        with contextlib.suppress(locale.Error):
            locale.setlocale(locale.LC_CTYPE, "C")
        return found

    verdict = explore([call(spoil), call(spoil)])
    assert verdict.kind == "racy"
    limit = sys.getrecursionlimit()
    assert {results for _, outcome in verdict.serial_outcomes for results in [outcome.results]} == {
        (("returned", limit), ("returned", limit + 50)),
        (("returned", limit + 50), ("returned", limit)),
    }
