"""Tools that are defined inside a function: it is called once, with servers stood in where it would start one, and the closure is kept."""

from __future__ import annotations

import contextlib
import gc
import inspect
from collections.abc import Callable
from types import CodeType, FunctionType
from typing import Any

from pytest_toolaudit.confirming.arguments import OWN, How, made_up
from pytest_toolaudit.confirming.commandline import command_line
from pytest_toolaudit.confirming.patience import SECONDS, completed
from pytest_toolaudit.confirming.stoodin import globals_stood_in
from pytest_toolaudit.confirming.supplied import CannotRunError, Supplied

STARTS = frozenset(
    {
        "run",
        "run_async",
        "run_forever",
        "serve",
        "serve_forever",
        "start",
        "stdio_server",
        "run_stdio_async",
        "run_sse_async",
        "run_http_async",
    }
)

_KEPT: list[Any] = []
"""What outer functions returned: the closures live as long as it does."""


def closure(outer: Callable[..., Any], parts: list[str], supplied: Supplied) -> Callable[..., Any]:
    """The function of this name that calling `outer` defines. Raises CannotRunError."""
    code = _inner_code(outer, parts[0])
    if code is None:
        raise CannotRunError(f"{_named(outer)} defines no {parts[0]} at run time")
    made = _live(code)
    failure: BaseException | None = None
    for stood_in, how in () if made else _ways(outer):
        try:
            _KEPT.append(_run(outer, supplied, code, how, stood_in=stood_in))
        except CannotRunError:
            raise
        except (Exception, SystemExit) as error:  # handlers are registered before what usually fails: the start of the server
            failure = error
            made = _live(code)
            _KEPT.extend(made)
        made = _live(code)
        if made:
            break
    if not made and failure is not None:
        said = f"{type(failure).__name__}: {str(failure).splitlines()[0] if str(failure) else ''}"[:160]
        remedy = 'supply what it needs: a hook `pytest_toolaudit_objects` that returns {"<parameter>": make_it}'
        raise CannotRunError(f"{_named(outer)}() cannot be called here: {said}", remedy) from None
    if not made:
        raise CannotRunError(f"{parts[0]} is not kept by what {_named(outer)}() returns")
    return closure(made[-1], parts[1:], supplied) if len(parts) > 1 else made[-1]


def _ways(outer: Callable[..., Any]) -> tuple[tuple[bool, How], ...]:
    """Whether the frameworks are stood in, and how arguments are made up: first choice first. A parameter without annotation may be a server.

    A function that starts a server is never run with a real one; an object that was made up may be one that cannot do what is asked of it.
    """
    code = getattr(_plain(outer), "__code__", None)
    starts = inspect.iscoroutinefunction(_plain(outer)) or STARTS & set(code.co_names if code is not None else ())
    hows = (*(How(own=own) for own in OWN), How(untyped=True))
    return tuple((stood_in, how) for how in hows for stood_in in ((True,) if starts else (False, True)))


def _run(outer: Callable[..., Any], supplied: Supplied, code: CodeType, how: How, *, stood_in: bool) -> Any:
    space: dict[str, Any] = getattr(_plain(outer), "__globals__", {})
    package = str(space.get("__name__", "")).partition(".")[0]
    # made before, because stand-ins of injected classes would hide what the parameters are
    arguments = made_up(outer, supplied, how=how, required_only=True)
    with globals_stood_in(space, package) if stood_in else contextlib.nullcontext(), command_line():
        return completed(lambda: outer(**arguments), SECONDS, lambda: bool(_live(code)))


def _plain(outer: Callable[..., Any]) -> Callable[..., Any]:
    plain: Callable[..., Any] = inspect.unwrap(getattr(outer, "__func__", outer))
    callback = getattr(plain, "callback", None)  # a command of click's keeps its function there
    return callback if isinstance(callback, FunctionType) and not hasattr(plain, "__code__") else plain


def _named(outer: Callable[..., Any]) -> str:
    return str(getattr(outer, "__name__", "its maker"))


def _inner_code(outer: Callable[..., Any], name: str) -> CodeType | None:
    code = getattr(_plain(outer), "__code__", None)
    constants = code.co_consts if code is not None else ()
    return next((c for c in constants if isinstance(c, CodeType) and c.co_name == name), None)


def _live(code: CodeType) -> list[FunctionType]:
    return [f for f in gc.get_referrers(code) if isinstance(f, FunctionType) and f.__code__ is code]
