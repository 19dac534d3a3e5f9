"""Threads that a project's start leaves running beside its server. No schedule controls them, so they end as soon as they begin."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pytest_toolaudit.engine.run import UNFINISHED
from pytest_toolaudit.verdict import Verdict

_LEFT_OUT: dict[str, None] = {}


@contextmanager
def left_out() -> Iterator[None]:
    """While entered, daemon threads of the project's own functions do nothing; those of libraries run."""
    original = threading.Thread.start

    def start(thread: Any) -> None:
        target: Any = getattr(thread, "_target", None)
        if thread.daemon and _is_own(target):
            _LEFT_OUT.setdefault(f"{target.__module__}.{target.__qualname__}")
            thread._target = _nothing
        original(thread)

    threading.Thread.start = start  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        threading.Thread.start = original  # type: ignore[method-assign]


def endless(verdict: Verdict) -> str:
    """Why calls that wait prove nothing: they do so alone too. Empty where they wait for each other, or do not."""
    never = all(how == UNFINISHED for how, _ in verdict.outcome.results)
    if verdict.witness is not None or not (never or verdict.kind in ("deadlock", "livelock")):
        return ""
    background = f", unless for what {next(iter(_LEFT_OUT))} does in the background" if _LEFT_OUT else ""
    return f"a call does not end, though no other runs beside it{background}"


def _is_own(target: Any) -> bool:
    module = str(getattr(target, "__module__", None) or "threading")
    return hasattr(target, "__qualname__") and module.partition(".")[0] not in sys.stdlib_module_names | {"anyio", "pytest_toolaudit"}


def _nothing(*_: object, **__: object) -> None:
    pass
