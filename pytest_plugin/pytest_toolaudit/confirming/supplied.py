"""What a project supplies so that its tools can be run: objects, arguments and state, by tool or by type."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

LEAST = 0.5


class CannotRunError(Exception):
    """The tool cannot be run here: `reason` says why, `remedy` what would make it run."""

    def __init__(self, reason: str, remedy: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.remedy = remedy


@dataclass(frozen=True)
class Supplied:
    """Objects by class name or by tool id, arguments by tool name or id, and the world before each schedule.

    objects     class name, tool name or parameter name → a function without parameters that makes the object
    arguments   tool name → its arguments, over those that would be made up
    state       builds the world before each schedule; None: an empty working folder with made-up files
    made        the objects of this trial, by class: two methods of one toolkit are bound to one object
    lifespans   the contexts of this attempt, by the lifespan that they hold what it yields of
    until       when the item's time is up, as `time.monotonic` tells it
    """

    objects: Mapping[str, Callable[[], Any]] = field(default_factory=dict)
    arguments: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    state: Callable[[], Any] | None = None
    made: dict[type, Any] = field(default_factory=dict)
    lifespans: dict[Any, Any] = field(default_factory=dict)
    until: float = float("inf")

    def patience(self, most: float) -> float:
        """Seconds for a call that is made before those of a batch."""
        return max(LEAST, min(most, self.until - time.monotonic()))


def supplied_by(config: Any) -> Supplied:
    """What the project's conftest.py files supply, the nearest last; `config` is pytest's."""
    hook = config.hook
    return Supplied(
        objects=_merged(hook.pytest_toolaudit_objects(config=config)),
        arguments=_merged(hook.pytest_toolaudit_arguments(config=config)),
        state=hook.pytest_toolaudit_state(config=config),
    )


def _merged(parts: Iterable[Mapping[str, Any] | None]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for part in reversed([p for p in parts if p]):
        found.update(part)
    return found
