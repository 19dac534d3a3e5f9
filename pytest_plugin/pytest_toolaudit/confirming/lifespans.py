"""What a server's lifespan yields, in the context that its tools are given: databases, clients and settings that all calls share."""

from __future__ import annotations

import inspect
import sys
import typing
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from pytest_toolaudit.confirming.patience import SECONDS, completed
from pytest_toolaudit.confirming.standin import StandIn
from pytest_toolaudit.confirming.supplied import Supplied
from pytest_toolaudit.sessionstate import keep_in_sight

CONTEXT = "Context"


def contexts(function: Callable[..., Any], supplied: Supplied) -> dict[str, Any]:
    """Parameter → a context with what the lifespan of the function's project yields; empty where it has none or that cannot be entered."""
    plain = inspect.unwrap(getattr(function, "func", function))
    names = [name for name, hint in _hints(plain).items() if name != "return" and _is_context(hint)]
    lifespan = _lifespan(plain) if names else None
    if lifespan is None:
        return {}
    if lifespan not in supplied.lifespans:
        supplied.lifespans[lifespan] = _entered(lifespan)
    context = supplied.lifespans[lifespan]
    return dict.fromkeys(names, context) if context is not None else {}


def _hints(function: Any) -> dict[str, Any]:
    try:
        return typing.get_type_hints(function)
    except Exception:  # annotations may name what only type checkers import
        return {}


def _is_context(hint: Any) -> bool:
    options = (hint, *typing.get_args(hint))
    return any(getattr(typing.get_origin(one) or one, "__name__", "") == CONTEXT for one in options)


def _lifespan(function: Any) -> Callable[..., Any] | None:
    """The asynchronous context manager of one parameter in the function's module, or in another of its package, that yields something."""
    home = getattr(function, "__module__", "")
    package = home.rpartition(".")[0]
    near = [module for name, module in list(sys.modules.items()) if name == package or (package and name.rpartition(".")[0] == package)]
    modules = [module for module in (sys.modules.get(home), *near) if isinstance(module, ModuleType)]
    return next((found for module in modules for found in _managers(module)), None)


def _managers(module: ModuleType) -> Iterator[Callable[..., Any]]:
    for value in list(vars(module).values()):
        inner = getattr(value, "__wrapped__", None)
        if inspect.isasyncgenfunction(inner) and inner.__module__ == module.__name__ and len(inspect.signature(inner).parameters) == 1:
            yield value


def _entered(lifespan: Callable[..., Any]) -> Any:
    """The context, or None. What the lifespan does at its end is not done: the folder and the modules are put back anyway."""
    try:
        manager = lifespan(StandIn("server"))
        value = completed(manager.__aenter__, SECONDS)
    except Exception:  # it needs what is not here
        return None
    _KEPT.append(manager)
    context: Any = StandIn("context")
    request: Any = StandIn("request")
    context.lifespan_context = request.lifespan_context = value
    context.request_context = request
    keep_in_sight(context, _Methods)
    return context


class _Methods:
    """Which methods are asynchronous, as in FastMCP."""

    async def get_state(self) -> None: ...

    async def set_state(self) -> None: ...

    async def delete_state(self) -> None: ...


_KEPT: list[Any] = []
"""Lifespans that were entered: an asynchronous generator that nobody holds is closed, and what it yielded with it."""
