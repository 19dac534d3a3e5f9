"""From what a test author has to something callable: plain functions, bound methods, tool objects of any framework."""

from __future__ import annotations

import contextlib
import functools
import inspect
import sys
import tomllib
import types
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from pytest_toolaudit.owned import is_own_file


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

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """How Hypothesis shows a failing batch."""
        printer.text(f"call({', '.join([self.name, *map(repr, self.args), *(f'{k}={v!r}' for k, v in self.kwargs.items())])})")


def _short(value: Any) -> str:
    try:
        text = repr(value)
    except Exception:
        text = f"<{type(value).__name__}>"
    return text if len(text) <= 40 else text[:37] + "..."


_PLAIN = (types.FunctionType, types.MethodType, types.BuiltinFunctionType, types.MethodWrapperType, functools.partial, type)
# not inspect.isroutine: tool objects that can be methods are descriptors, and pass for routines


@dataclass(frozen=True)
class _Shape:
    """One entry of tool_objects.toml."""

    has: tuple[str, ...]
    function: tuple[str, ...]
    takes: str
    closure: str


@functools.cache
def _shapes() -> tuple[_Shape, ...]:
    table = tomllib.loads(files("pytest_toolaudit").joinpath("tool_objects.toml").read_text(encoding="utf-8"))
    return tuple(
        _Shape(tuple(entry["has"]), tuple(entry.get("function", ())), entry.get("takes", "keywords"), entry.get("closure", ""))
        for entry in table["object"]
    )


def call(tool: Any, /, *args: Any, **kwargs: Any) -> Call:
    """A call of ``tool`` with these arguments.

    ``tool`` is a function, a bound method, a callable object, or a framework's tool object (LangChain, openai-agents,
    MCP, pydantic-ai, llama-index, autogen, agno, strands, haystack, smolagents, crewai and others), recognised by its
    attributes. Raises TypeError when nothing callable is found.
    """
    function, takes = recognised(tool)
    name = tool_name(tool, function)
    if takes != "keywords":
        from pytest_toolaudit import arranging

        args, kwargs = getattr(arranging, takes)(tool, args, kwargs)
    return Call(function, args, kwargs, name, is_async(function), tool)


def underlying(tool: Any) -> Callable[..., Any]:
    """The Python function of a tool object; functions and methods are returned as they are."""
    return recognised(tool)[0]


def recognised(tool: Any) -> tuple[Callable[..., Any], str]:
    """The function, and how it takes the model's arguments."""
    plain = isinstance(tool, _PLAIN)
    if plain and not hasattr(tool, "is_activity"):
        return tool, "keywords"
    itself = plain or _says_what_a_call_does(type(tool))
    for shape in _shapes():
        if all(_has(tool, name) for name in shape.has) and (shape.has or not itself):
            found = _function_of(tool, shape)
            if found is not None:
                return found, shape.takes
    if callable(tool):
        return tool, "keywords"
    raise TypeError(f"{tool!r} is not a tool: it is not callable and holds no function that could be called")


def _says_what_a_call_does(kind: type) -> bool:
    """Whether a class of the project, or of the standard library, has its own `__call__`: it may hold a lock around what it wraps."""
    caller = next((cls for cls in kind.__mro__ if "__call__" in vars(cls)), None)
    if caller is None:
        return False
    return caller.__module__ in sys.stdlib_module_names or is_own_file(getattr(sys.modules.get(caller.__module__), "__file__", None))


def _has(tool: Any, name: str) -> bool:
    """Whether there is such an attribute, by looking only: an object may answer any name with something made up."""
    return inspect.getattr_static(tool, name, None) is not None or name in getattr(type(tool), "model_fields", ()) or _of_method(tool, name)


def _of_method(tool: Any, name: str) -> bool:
    return inspect.ismethod(tool) and hasattr(tool.__func__, name)


def _function_of(tool: Any, shape: _Shape) -> Callable[..., Any] | None:
    if shape.closure:  # the function is kept in a closure only
        return _closed_over(getattr(tool, shape.closure), getattr(tool, "name", ""))
    for path in shape.function:
        value: Any = tool
        for part in path.split(".") if path else ():
            value = getattr(value, part, None) if _has(value, part) else None
        if value is not None and callable(value) and not isinstance(value, type):
            return value  # type: ignore[no-any-return]
    return None


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
