"""The pytest plugin: replays batches of tool calls under controlled interleavings.

    from pytest_toolaudit import call, explore
    verdict = explore([call(add_note, "a"), call(add_note, "b")])

Importing this package imports nothing but the standard library; the engine is loaded with the first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_toolaudit.calls import Call, call
    from pytest_toolaudit.exploring import aexplore, explore
    from pytest_toolaudit.strategies import schedules, toolaudit_batches
    from pytest_toolaudit.verdict import Verdict, Witness

__all__ = ["Call", "Verdict", "Witness", "aexplore", "call", "explore", "schedules", "toolaudit_batches"]

_HOMES = {
    "Call": "calls",
    "call": "calls",
    "explore": "exploring",
    "aexplore": "exploring",
    "schedules": "strategies",
    "toolaudit_batches": "strategies",
    "Verdict": "verdict",
    "Witness": "verdict",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    found = getattr(importlib.import_module(f"{__name__}.{home}"), name)
    globals()[name] = found
    return found
