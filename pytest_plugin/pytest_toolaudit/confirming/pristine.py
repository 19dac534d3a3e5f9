"""What a project's modules held when they were imported: put back before each attempt, whatever entry points and tools made of it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any, ClassVar

from pytest_toolaudit import call
from pytest_toolaudit.instrument import INSTRUMENTATION
from pytest_toolaudit.oracle.images import PreImages
from pytest_toolaudit.oracle.memory import Graph


class _Imported:
    """For as long as the process lives: modules are imported once."""

    names: ClassVar[set[str]] = set()
    images: ClassVar[list[tuple[list[ModuleType], PreImages]]] = []


def remember(functions: Sequence[Callable[..., Any]]) -> None:
    """Keeps what the modules hold that these functions reach, and the others of their packages, unless that was done before."""
    reached = INSTRUMENTATION.include(functions)
    tops = {module.__name__.partition(".")[0] for module in reached}
    packages = [module for name, module in list(sys.modules.items()) if name.partition(".")[0] in tops and isinstance(module, ModuleType)]
    new = {module.__name__: module for module in (*reached, *packages) if module.__name__ not in _Imported.names}
    if new:
        _Imported.names.update(new)
        modules = list(new.values())
        _Imported.images.append((modules, PreImages(Graph(modules, (), None))))


def held_by(functions: Sequence[Callable[..., Any]]) -> PreImages:
    """What the functions' own objects and closures hold now."""
    return PreImages(Graph((), [call(function) for function in functions], None))


def put_back() -> None:
    """The modules as they were imported; submodules that were imported since are still there."""
    for modules, images in _Imported.images:
        since = [{name: value for name, value in vars(module).items() if isinstance(value, ModuleType)} for module in modules]
        images.restore()
        for module, submodules in zip(modules, since, strict=True):
            vars(module).update(submodules)
