"""``functools.cached_property``: looking for the value is a read of the attribute, keeping it a write."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from pytest_toolaudit.engine.locks import lock_of
from pytest_toolaudit.engine.patches import Patches
from pytest_toolaudit.engine.turn import READ, WRITE, Site, holds_turn, point

_LOOKS, _KEEPS = Site(READ, "cached property"), Site(WRITE, "cached property")


class _Unlocked:
    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


def _get(original: Callable[..., Any]) -> Callable[..., Any]:
    def get(self: Any, instance: Any, owner: Any = None) -> Any:
        if instance is None or not holds_turn() or self.attrname is None or not hasattr(instance, "__dict__"):
            return original(self, instance, owner)
        kept, name = instance.__dict__, self.attrname
        point(_LOOKS, instance, name)
        if name in kept:
            return kept[name]
        with lock_of(getattr(self, "lock", None)) or _Unlocked():  # before 3.12 one lock for all instances
            if name not in kept:
                value = self.func(instance)
                point(_KEEPS, instance, name)
                kept[name] = value
            return kept[name]

    return get


def install(patches: Patches) -> None:
    """Makes cached properties points."""
    patches.wrap(functools.cached_property, "__get__", _get)
