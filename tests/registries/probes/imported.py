"""Imports every module of a package; what is not installed is a stand-in, so that a missing extra hides no tool."""

import importlib
import importlib.abc
import importlib.machinery
import os
import sys
import types
import warnings
from pathlib import Path
from typing import ClassVar
from unittest.mock import MagicMock

warnings.simplefilter("ignore")
os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")


class _Environment(dict[str, str]):
    """Has every key and token that a constructor asks for."""

    def __missing__(self, key: str) -> str:
        if key.endswith(("KEY", "TOKEN", "SECRET", "ID", "PASSWORD", "USERNAME", "URL", "EMAIL")):
            return "https://example.com"
        raise KeyError(key)

    def get(self, key: str, default: str | None = None) -> str | None:  # type: ignore[override]
        try:
            return self[key]
        except KeyError:
            return default


class _StandIn(types.ModuleType):
    __path__: ClassVar[list[str]] = []

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        made = type(name, (Exception,), {}) if name.endswith(("Error", "Exception")) else MagicMock(name=name)
        setattr(self, name, made)
        return made


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Last in line: answers for packages that nobody else finds."""

    def __init__(self, own: str) -> None:
        self.own = own

    def find_spec(self, name, path=None, target=None):  # type: ignore[no-untyped-def]
        if name.split(".")[0] == self.own or name.split(".")[0] in sys.stdlib_module_names:
            return None
        top = sys.modules.get(name.split(".")[0])
        if "." in name and top is not None and not isinstance(top, _StandIn):
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec):  # type: ignore[no-untyped-def]
        return _StandIn(spec.name)

    def exec_module(self, module):  # type: ignore[no-untyped-def]
        """Nothing to run."""


def modules(package: str) -> tuple[list[types.ModuleType], list[str]]:
    """Every module that can be imported, and the names of those that cannot."""
    sys.meta_path.append(_Finder(package.split(".")[0]))
    root = importlib.import_module(package)
    found, failed = [root], []
    for name in sorted({one for folder in root.__path__ for one in _names(package, Path(folder))}):
        try:
            found.append(importlib.import_module(name))
        except BaseException as error:
            failed.append(f"{name}: {type(error).__name__}: {str(error)[:120]}")
    return found, failed


def _names(package: str, folder: Path) -> list[str]:
    """By files, not by `pkgutil`, which passes folders without an `__init__.py` over."""
    parts = [file.relative_to(folder).with_suffix("").parts for file in folder.rglob("*.py") if file.stem != "__main__"]
    return [".".join((package, *(part for part in one if part != "__init__"))) for one in parts]


def subclasses(found: list[types.ModuleType], package: str | tuple[str, ...], base: type) -> list[type]:
    """The package's own classes below `base`, each once, by module and name."""
    listed = {
        value
        for module in found
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, base) and value is not base and value.__module__.startswith(package)
    }
    return sorted(listed, key=lambda one: (one.__module__, one.__qualname__))


def complete_environment() -> None:
    """From here on, what a constructor reads from the environment is there."""
    os.environ = _Environment(os.environ)  # type: ignore[assignment]  # noqa: B003


def made(cls: type, **wanted: object) -> object:
    """An instance: switches that enable something are on, what is required and has no default is a stand-in of its type."""
    import inspect

    given: dict[str, object] = {}
    constructor = getattr(cls.__init__, "__wrapped__", cls.__init__)
    for name, parameter in list(inspect.signature(constructor).parameters.items())[1:]:
        if parameter.kind in {parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD}:
            continue
        if name in wanted:
            given[name] = wanted[name]
        elif parameter.default is False and (name.startswith(("all", "enable", "add_", "allow")) or hasattr(cls, name)):
            given[name] = True
        elif parameter.default is parameter.empty or (parameter.default is None and any(w in name for w in _SECRETS)):
            given[name] = _of(str(parameter.annotation), name)
    return cls(**given)


_SECRETS = ("key", "token", "secret", "password", "url", "user", "account", "email", "host", "region", "id", "connection")


def _of(annotation: str, name: str) -> object:
    if "int" in annotation and "str" not in annotation:
        return 1
    if "Path" in annotation:
        return Path("/tmp/registry-probe")
    if "str" in annotation or any(word in name for word in _SECRETS):
        return "https://example.com/x"
    if "list" in annotation.lower():
        return []
    return MagicMock(name=name)
