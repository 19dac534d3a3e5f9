"""What a framework keeps for a session behind methods of its context, as a dict whose reads and writes are points."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from pytest_toolaudit.engine.turn import READ, WRITE, Site, point

_METHODS = {"get_state": READ, "set_state": WRITE, "delete_state": WRITE}


def keep_in_sight(context: Any, kind: type) -> None:
    """The context's own `get_state`, `set_state` and `delete_state`, asynchronous where the framework's are."""
    values: dict[str, Any] = {}
    context.session_state = values
    for name, access in _METHODS.items():
        theirs = getattr(kind, name, None)
        if theirs is not None:
            act = _acting(values, name, access)
            setattr(context, name, _awaited(act) if inspect.iscoroutinefunction(theirs) else act)


def _acting(values: dict[str, Any], name: str, access: str) -> Callable[..., Any]:
    sites: dict[str, Site] = {}

    def act(key: str, value: Any = None, **_: Any) -> Any:
        point(sites.setdefault(key, Site(access, f"{name}({key!r})")), values, key)
        if name == "get_state":
            return values.get(key)
        if name == "set_state":
            values[key] = value
        else:
            values.pop(key, None)
        return None

    return act


def _awaited(act: Callable[..., Any]) -> Callable[..., Any]:
    async def awaited(*args: Any, **kwargs: Any) -> Any:
        return act(*args, **kwargs)

    return awaited
