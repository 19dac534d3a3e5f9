"""The conftest.py files that count for scanned tools: from their project's root down to them, wherever confirm is called from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from pytest_toolaudit.confirming.supplied import CannotRunError
from pytest_toolaudit.sandbox import paused

ROOT_MARKS = ("pyproject.toml", "pytest.ini", "tox.ini", "setup.cfg", "setup.py", ".git")


def conftests(roots: Iterable[Path], rootpath: Path) -> list[Path]:
    """The files that may be there, the nearest last; `rootpath` is pytest's root folder, which counts where it lies above the tools."""
    found: dict[Path, None] = {}
    for root in roots:
        folder = root.resolve() if root.is_dir() else root.resolve().parent
        top = rootpath if folder.is_relative_to(rootpath) else project_root(folder)
        above = [one for one in folder.parents if one.is_relative_to(top)]
        found |= dict.fromkeys(one / "conftest.py" for one in (*reversed(above), folder))
    return list(found)


def project_root(folder: Path) -> Path:
    """The nearest folder at or above this one that looks like a project's root; else the folder itself."""
    return next((one for one in (folder, *folder.parents) if any((one / mark).exists() for mark in ROOT_MARKS)), folder)


def fixtures_in(module: ModuleType) -> dict[str, Any]:
    """The fixtures that a conftest.py defines, by the name under which they are asked for."""
    found = {name: value for name, value in vars(module).items() if _is_fixture(value)}
    return {_asked_as(value) or name: value for name, value in found.items()}


def _is_fixture(value: Any) -> bool:
    return type(value).__name__ == "FixtureFunctionDefinition" or "_pytestfixturefunction" in getattr(value, "__dict__", {})


def _asked_as(value: Any) -> str | None:
    marker = getattr(value, "_fixture_function_marker", None) or getattr(value, "_pytestfixturefunction", None)
    return getattr(marker, "name", None)


def made_visible(config: pytest.Config, modules: Iterable[ModuleType]) -> frozenset[str]:
    """Makes the fixtures known to items that stand in no folder, the nearest last; gives their names."""
    names: set[str] = set()
    for number, module in enumerate(modules):
        fixtures = fixtures_in(module)
        if fixtures:
            config.pluginmanager.register(SimpleNamespace(__name__=module.__name__, **fixtures), f"toolaudit-fixtures-{number}")
            names |= set(fixtures)
    return frozenset(names)


def as_objects(names: Iterable[str], fetch: Callable[[str], Any]) -> Mapping[str, Callable[[], Any]]:
    """Each fixture as what supplies a parameter of its name, or an object of the class whose name it spells: `note_store` a NoteStore."""
    return dict(_named(names, fetch))


def _named(names: Iterable[str], fetch: Callable[[str], Any]) -> Iterator[tuple[str, Callable[[], Any]]]:
    for name in names:

        def made(name: str = name) -> Any:
            try:
                with paused():
                    return fetch(name)
            except (Exception, pytest.skip.Exception, pytest.fail.Exception) as error:
                raise CannotRunError(f"the fixture {name} fails: {type(error).__name__}: {error}") from None

        yield name, made
        yield "".join(word[:1].upper() + word[1:] for word in name.split("_")), made


def spelled_as_fixture(class_name: str) -> str:
    """`NoteStore` as a fixture is called: `note_store`."""
    return "".join(
        f"_{c.lower()}" if c.isupper() and at and not class_name[at - 1].isupper() else c.lower() for at, c in enumerate(class_name)
    )
