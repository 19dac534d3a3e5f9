"""From what a test author has to something callable: plain functions, bound methods, tool objects of any framework."""

from __future__ import annotations

import contextlib
import functools
import inspect
import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Call:
    """One tool call: the function that runs, its arguments, and the name under which reports show it."""

    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    name: str
    is_async: bool
    tool: Any = None

    def invoke(self) -> Any:
        """Calls the function; an asynchronous one gives its coroutine."""
        return self.function(*self.args, **self.kwargs)

    def __str__(self) -> str:
        shown = [_short(value) for value in self.args] + [f"{k}={_short(v)}" for k, v in self.kwargs.items()]
        return f"{self.name}({', '.join(shown)})"


def _short(value: Any) -> str:
    try:
        text = repr(value)
    except Exception:
        text = f"<{type(value).__name__}>"
    return text if len(text) <= 40 else text[:37] + "..."


# Attributes under which the frameworks keep the callable, the more specific first (versions in docs/frameworks).
_ASYNC_FIRST = ("coroutine", "async_function", "acall")
_FUNCTIONS = (
    "coroutine", "func", "fn", "function", "entrypoint", "handler", "_func", "_tool_func", "async_function",
    "forward", "_run", "run", "call", "_fn", "__wrapped__",
)  # fmt: skip


def call(tool: Any, /, *args: Any, **kwargs: Any) -> Call:
    """A call of ``tool`` with these arguments.

    ``tool`` is a function, a bound method, a callable object, or a framework's tool object (LangChain, openai-agents,
    MCP, pydantic-ai, llama-index, autogen, agno, strands, haystack, smolagents, crewai and others), recognised by its
    attributes. Raises TypeError when nothing callable is found.
    """
    function = underlying(tool)
    name = tool_name(tool, function)
    return Call(function, args, kwargs, name, is_async(function), tool)


def underlying(tool: Any) -> Callable[..., Any]:
    """The Python function of a tool object; functions and methods are returned as they are."""
    if inspect.isroutine(tool) or isinstance(tool, (functools.partial, type)):
        return tool
    invoker = getattr(tool, "on_invoke_tool", None)
    if inspect.isroutine(invoker) or isinstance(invoker, functools.partial) or callable(invoker):
        inner = _closed_over(invoker, getattr(tool, "name", ""))  # openai-agents keeps the function in a closure only
        if inner is not None:
            return inner
    for name in _FUNCTIONS:
        found = inspect.getattr_static(tool, name, None)
        if found is None:
            continue
        value = getattr(tool, name, None)
        if callable(value) and not isinstance(value, type):
            return value  # type: ignore[no-any-return]
    if callable(tool):
        return tool  # type: ignore[no-any-return]
    raise TypeError(f"{tool!r} is not a tool: it is not callable and holds no function that could be called")


def _closed_over(invoker: Any, name: str) -> Callable[..., Any] | None:
    """The user's function inside an invoker's closure: the one named like the tool, else the innermost one."""
    seen: list[types.FunctionType] = []
    todo: list[Any] = [invoker]
    while todo:
        value = todo.pop()
        if isinstance(value, types.MethodType):
            value = value.__func__
        if not isinstance(value, types.FunctionType):
            todo += list(getattr(value, "__dict__", {}).values())[:20] if len(seen) < 20 and value is invoker else []
            continue
        if value in seen or len(seen) > 50:
            continue
        seen.append(value)
        for cell in value.__closure__ or ():
            with contextlib.suppress(ValueError):  # not yet assigned
                todo.append(cell.cell_contents)
    home = getattr(invoker, "__module__", "").partition(".")[0]
    users = [f for f in seen if f.__module__.partition(".")[0] != home]
    return next((f for f in users if f.__name__ == name), users[-1] if users else None)


def tool_name(tool: Any, function: Callable[..., Any]) -> str:
    """The name as the model sees it where the object tells, else the function's."""
    for owner in (tool, getattr(tool, "metadata", None)):
        name = getattr(owner, "name", None)
        if isinstance(name, str) and name:
            return name
    inner = function.func if isinstance(function, functools.partial) else function
    return getattr(inner, "__name__", type(inner).__name__)


def is_async(function: Callable[..., Any]) -> bool:
    """Whether calling the function gives a coroutine."""
    inner: Any = function
    while isinstance(inner, functools.partial):
        inner = inner.func
    if inspect.iscoroutinefunction(inner):
        return True
    return not inspect.isroutine(inner) and inspect.iscoroutinefunction(getattr(inner, "__call__", None))  # noqa: B004
