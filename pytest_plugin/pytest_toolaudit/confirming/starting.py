"""What a project does before its server runs: tables made, folders set. Its entry point is called once, with the server stood in."""

from __future__ import annotations

import ast
import contextlib
import functools
import importlib.util
import inspect
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import EntryPoint, distribution, packages_distributions
from pathlib import Path
from types import ModuleType
from typing import Any

from pytest_toolaudit.confirming.arguments import made_up
from pytest_toolaudit.confirming.background import left_out
from pytest_toolaudit.confirming.commandline import asked_for, command_line
from pytest_toolaudit.confirming.load import import_file, undecorated
from pytest_toolaudit.confirming.patience import GivenUpError, completed
from pytest_toolaudit.confirming.pristine import remember
from pytest_toolaudit.confirming.stoodin import globals_stood_in, servers_stood_in
from pytest_toolaudit.confirming.supplied import Supplied

SECONDS = 5.0
MOST = 2
_ENDLESS: set[str] = set()
"""Entry points that did not end: they are not started again."""


def start(functions: Sequence[Callable[..., Any]], supplied: Supplied) -> None:
    """Calls the entry points of the functions' projects, whatever comes of it; one that does not start so gets the words it asks for."""
    found = {id(entry): entry for function in functions for entry in _entries(_module(function))}
    remember(list(found.values()))
    for name, entry in [(f"{entry.__module__}:{getattr(entry, '__qualname__', type(entry).__name__)}", entry) for entry in found.values()]:
        if name in _ENDLESS:
            continue
        try:
            said = _called(entry, supplied)
            if said is not None:
                _called(entry, supplied, asked_for(said))
        except GivenUpError:
            _ENDLESS.add(name)


def _called(entry: Callable[..., Any], supplied: Supplied, words: Sequence[str] = ()) -> str | None:
    """What the entry point says when it refuses to start; None when it does, or when something else goes wrong."""
    with _stood_in(entry), left_out(), command_line(words) as said:
        try:
            arguments = made_up(entry, supplied, required_only=True)
            completed(lambda: entry(**arguments), supplied.patience(SECONDS))
        except GivenUpError:
            raise
        except SystemExit as end:
            return said.getvalue() if end.code else None
        except Exception:  # what it did before counts
            return None
    return None


def _module(function: Callable[..., Any]) -> ModuleType | None:
    plain = inspect.unwrap(getattr(function, "func", function))
    return sys.modules.get(getattr(plain, "__module__", ""))


def _entries(module: ModuleType | None) -> Iterator[Callable[..., Any]]:
    """The commands that the module's package installs, else what the module calls when it is run as a program."""
    if module is None:
        return
    points = _commands(module.__name__.partition(".")[0])
    own = [point for point in points if point.module == module.__name__]
    loaded = [found for point in own or points if (found := _loaded(point)) is not None]
    yield from [entry for entry in loaded if own or _uses(entry, module)][:MOST] or _called_as_program(module)


def _uses(entry: Callable[..., Any], module: ModuleType) -> bool:
    """Whether the entry point's module holds the tools' module, or something of it, or a module between the two."""
    space = vars(sys.modules[entry.__module__]) if entry.__module__ in sys.modules else {}
    names = {value.__name__ if inspect.ismodule(value) else getattr(value, "__module__", None) for value in space.values()}
    return module.__name__ in names or module.__name__.rpartition(".")[0] in names


@functools.cache
def _commands(top: str) -> tuple[EntryPoint, ...]:
    """The commands of the distributions that install this package or module."""
    owners = dict.fromkeys(packages_distributions().get(top, ()))
    return tuple(point for owner in owners for point in distribution(owner).entry_points if point.group == "console_scripts")


def _loaded(point: EntryPoint) -> Callable[..., Any] | None:
    try:
        spec = importlib.util.find_spec(point.module)
        if spec is None or spec.origin is None:
            return None
        found: Any = import_file(Path(spec.origin))
        for name in point.attr.split("."):
            found = getattr(found, name)
        return undecorated(found)
    except (Exception, SystemExit):
        return None


def _called_as_program(module: ModuleType) -> Iterator[Callable[..., Any]]:
    try:
        tree = ast.parse(inspect.getsource(module))
    except (OSError, TypeError, SyntaxError):
        return
    blocks = [node for node in tree.body if isinstance(node, ast.If) and "__name__" in ast.dump(node.test)]
    names = [node.func.id for block in blocks for node in ast.walk(block) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    for name in names:
        found = vars(module).get(name)
        if inspect.isfunction(found) and found.__module__ == module.__name__:
            yield found


@contextlib.contextmanager
def _stood_in(entry: Callable[..., Any]) -> Iterator[None]:
    """While entered, no module of the entry point's project holds a real server or what would make one."""
    top = str(getattr(entry, "__module__", "")).partition(".")[0]
    own = [module for name, module in list(sys.modules.items()) if name.partition(".")[0] == top]
    with contextlib.ExitStack() as stack:
        for module in own:
            stack.enter_context(servers_stood_in(vars(module), top))
            stack.enter_context(globals_stood_in(vars(module), top))
        yield
