"""Stand-ins for agent frameworks that are not installed: their decorators give the function back, their classes take any argument.

A tool's own code needs the framework only to be declared; it runs without. Other missing modules stay missing.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from pytest_toolaudit.confirming.standin import REGISTERED


class AbsentMeta(type):
    """Attributes of an absent class are absent names too."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return absent(name)

    def __or__(cls, other: Any) -> Any:
        return Any

    def __getitem__(cls, item: Any) -> Any:
        return cls


class Absent(metaclass=AbsentMeta):
    """An object of an absent class: keeps what it was given, answers every other name."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        vars(self).update(kwargs)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return absent(name)

    def __init_subclass__(cls, **_: Any) -> None:
        return None

    def __class_getitem__(cls, item: Any) -> Any:
        return cls


def decorator(*args: Any, **kwargs: Any) -> Any:
    """Used bare it gives the function back; with arguments it gives itself. A function among the keywords is kept too."""
    REGISTERED.extend(value for value in (*args, *kwargs.values()) if callable(value))
    return args[0] if len(args) == 1 and not kwargs and callable(args[0]) else decorator


def absent(name: str) -> Any:
    """What a name of an absent framework is: a class when it is written like one, else something to call or to decorate with."""
    return AbsentMeta(name, (Absent,), {}) if name[:1].isupper() else decorator


class AbsentModule(ModuleType):
    """Every name can be imported from it."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        value = absent(name)
        setattr(self, name, value)
        return value


class AbsentFinder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Comes last: only what nobody else finds, below the roots of known frameworks."""

    def __init__(self, roots: frozenset[str]) -> None:
        self.roots = roots
        self.used: set[str] = set()

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name.partition(".")[0] not in self.roots:
            return None
        self.used.add(name.partition(".")[0])
        return importlib.util.spec_from_loader(name, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        module = AbsentModule(spec.name)
        module.__path__ = []
        return module

    def exec_module(self, module: ModuleType) -> None:
        return None


@contextmanager
def stand_ins() -> Iterator[AbsentFinder]:
    """While entered, missing frameworks can be imported. The finder is taken out afterwards; what was imported stays."""
    from toolaudit import frameworks

    roots = frozenset(root for framework in frameworks.load() for root in framework.framework.roots)
    missing = frozenset(root for root in roots if "." not in root and root not in sys.modules and importlib.util.find_spec(root) is None)
    finder = AbsentFinder(missing | {name for name, module in sys.modules.items() if isinstance(module, AbsentModule)})
    sys.meta_path.append(finder)
    try:
        yield finder
    finally:
        sys.meta_path.remove(finder)
