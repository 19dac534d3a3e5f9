"""Exact versions in lock files: uv, Poetry, PDM, pylock (PEP 751), Pipenv, pinned requirements."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from toolaudit.frameworks.requirements import pinned, requirements, text_of

LOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "pylock.toml", "Pipfile.lock")


def locks(folder: Path) -> list[Path]:
    """The lock files and requirements files of a folder, those that say most first."""
    files = [folder / name for name in LOCKS if (folder / name).is_file()]
    files += sorted(one for one in folder.glob("pylock.*.toml") if one.is_file())
    return files + requirement_files(folder)


def requirement_files(folder: Path) -> list[Path]:
    found = [one for one in folder.glob("*requirements*.txt") if one.is_file()]
    return sorted(found, key=lambda one: (one.name != "requirements.txt", one.name)) + sorted(
        one for one in folder.glob("requirements/*.txt") if one.is_file()
    )


def locked(file: Path) -> Iterator[tuple[str, str, str]]:
    """Distribution, version and name of the file for every locked package; nothing from a file of another form.

    A package that is locked in several versions, each for other environments, comes several times.
    """
    if file.suffix == ".txt":
        for requirement, name in requirements(file):
            if pinned(requirement):
                yield requirement.name, pinned(requirement), name
        return
    for name, version in _pipenv(text_of(file)) if file.name == "Pipfile.lock" else _toml(text_of(file)):
        yield name, version, file.name


def _toml(text: str) -> Iterator[tuple[str, str]]:
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return
    packages: list[Any] = document.get("package", document.get("packages", []))
    for package in packages if isinstance(packages, list) else ():
        if isinstance(package, dict) and isinstance(package.get("name"), str) and isinstance(package.get("version"), str):
            yield package["name"], package["version"]


def _pipenv(text: str) -> Iterator[tuple[str, str]]:
    try:
        document = json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        return
    for section in ("default", "develop"):
        table = document.get(section, {}) if isinstance(document, dict) else {}
        for name, entry in table.items() if isinstance(table, dict) else ():
            version = entry.get("version", "") if isinstance(entry, dict) else ""
            if isinstance(version, str) and version.startswith("=="):
                yield name, version[2:]
