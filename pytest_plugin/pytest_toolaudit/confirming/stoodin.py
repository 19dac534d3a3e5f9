"""Frameworks stood in though they are installed: for servers that would start, and for versions that the code was not written for."""

from __future__ import annotations

import importlib
import inspect
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from pytest_toolaudit.confirming.absent import AbsentFinder, AbsentModule, absent
from pytest_toolaudit.confirming.standin import StandIn


def framework_roots() -> frozenset[str]:
    """The top-level packages of the frameworks that toolaudit knows."""
    from toolaudit import frameworks

    return frozenset(root for framework in frameworks.load() for root in framework.framework.roots if "." not in root)


def blamed(error: BaseException, own: str) -> frozenset[str]:
    """The frameworks whose version may be the cause of a failed import or constructor; `own` is the package that failed.

    The object that lacks a name tells its framework, and so does the frame that raised; a call that does not fit raises in the caller.
    """
    roots = framework_roots() - {own}
    if isinstance(error, AttributeError) and error.obj is not None:
        return roots & {_root(error.obj if isinstance(error.obj, ModuleType | type) else type(error.obj))}
    if isinstance(error, ImportError) and error.name:
        return roots & {error.name.partition(".")[0]}
    if isinstance(error, TypeError):
        return roots
    innermost = error.__traceback__
    while innermost is not None and innermost.tb_next is not None:
        innermost = innermost.tb_next
    return roots & {str(innermost.tb_frame.f_globals.get("__name__", "")).partition(".")[0]} if innermost is not None else frozenset()


@contextmanager
def modules_stood_in(roots: frozenset[str]) -> Iterator[None]:
    """While entered, imports of these packages give stand-ins; afterwards `sys.modules` holds the real ones again."""
    saved = {name: module for name, module in sys.modules.items() if name.partition(".")[0] in roots}
    finder = AbsentFinder(roots)
    for name in saved:
        del sys.modules[name]
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name in [name for name, module in sys.modules.items() if isinstance(module, AbsentModule) and name.partition(".")[0] in roots]:
            del sys.modules[name]
        sys.modules.update(saved)


@contextmanager
def globals_stood_in(space: dict[str, Any], own: str) -> Iterator[None]:
    """While entered, classes, functions and modules of frameworks are stand-ins: in a module's globals and for imports inside functions.

    Objects of a framework (a server that the module made) stay what they are.
    """
    roots = framework_roots() - {own}
    saved = {name: value for name, value in space.items() if _is_name(value) and _root(value) in roots}
    with modules_stood_in(roots):
        for name, value in saved.items():
            space[name] = importlib.import_module(value.__name__) if isinstance(value, ModuleType) else absent(name)
        try:
            yield
        finally:
            space.update(saved)


@contextmanager
def servers_stood_in(space: dict[str, Any], own: str) -> Iterator[None]:
    """While entered, objects of frameworks among a module's globals are stand-ins: none of them can be started."""
    roots = framework_roots() - {own}
    saved = {name: value for name, value in space.items() if not _is_name(value) and _root(type(value)) in roots}
    space.update({name: StandIn(name) for name in saved})
    try:
        yield
    finally:
        space.update(saved)


def _is_name(value: Any) -> bool:
    return isinstance(value, ModuleType | types.FunctionType) or inspect.isclass(value)


def _root(value: Any) -> str:
    name = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", "")
    return str(name).partition(".")[0]
