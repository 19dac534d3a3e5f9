"""Exact versions in lock files: uv, Poetry, PDM, pylock (PEP 751), Pipenv, pinned requirements."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

LOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "pylock.toml", "Pipfile.lock")
_PIN = re.compile(r"^\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*===?\s*([^\s;#\\,]+)")


def locked(file: Path) -> Iterator[tuple[str, str]]:
    """Distribution and version of every locked package; nothing from a file that cannot be read or is of another form."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return
    if file.suffix == ".txt":
        for line in text.splitlines():
            pin = _PIN.match(line)
            if pin and "*" not in pin[2]:
                yield pin[1], pin[2]
    elif file.name == "Pipfile.lock":
        yield from _pipenv(text)
    else:
        try:
            document = tomllib.loads(text)
        except tomllib.TOMLDecodeError:
            return
        packages: list[Any] = document.get("package", document.get("packages", []))
        for package in packages if isinstance(packages, list) else ():
            if isinstance(package, dict) and isinstance(package.get("name"), str) and isinstance(package.get("version"), str):
                yield package["name"], package["version"]


def _pipenv(text: str) -> Iterator[tuple[str, str]]:
    try:
        document = json.loads(text)
    except json.JSONDecodeError:
        return
    for section in ("default", "develop"):
        table = document.get(section, {}) if isinstance(document, dict) else {}
        for name, entry in table.items() if isinstance(table, dict) else ():
            version = entry.get("version", "") if isinstance(entry, dict) else ""
            if isinstance(version, str) and version.startswith("=="):
                yield name, version[2:]
