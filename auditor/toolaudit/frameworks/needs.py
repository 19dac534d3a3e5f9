"""The ranges of versions that a project asks for: pyproject.toml, requirements files, the metadata of a package."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct
from packaging.requirements import InvalidRequirement, Requirement

from toolaudit.frameworks.lockfiles import requirement_files
from toolaudit.frameworks.requirements import requirements, text_of


class Need(Struct, frozen=True):
    """What one file asks for. `marked`: only in some environments, so that another line may ask for something else."""

    distribution: str
    specifier: str
    source: str
    marked: bool = False


def needs(folders: Iterable[Path]) -> dict[str, tuple[Need, ...]]:
    """Distribution → what the nearest file that names it asks for: one range, or several for different environments."""
    found: dict[str, tuple[Need, ...]] = {}
    listed = list(folders)
    inside = {folder.name for folder in listed}
    for folder in listed:
        for group in (project(folder / "pyproject.toml"), _requirements(folder), _metadata(folder, inside)):
            here: dict[str, list[Need]] = {}
            for need in group:
                here.setdefault(need.distribution, []).append(need)
            for name, asked in here.items():
                first = asked[0]
                others = [one for one in asked[1:] if first.marked and one.marked and one.specifier != first.specifier]
                found.setdefault(name, (first, *others))
    return found


def project(file: Path) -> Iterator[Need]:
    """The dependencies of a pyproject.toml, its extras and groups, and Poetry's."""
    try:
        document = tomllib.loads(text_of(file))
    except (tomllib.TOMLDecodeError, RecursionError):
        return
    head = _table(document, "project")
    lines: list[object] = _list(head.get("dependencies"))
    for group in (*_table(head, "optional-dependencies").values(), *_table(document, "dependency-groups").values()):
        lines += _list(group)
    for line in lines:
        if isinstance(line, str):
            yield from _need(line, file.name)
    poetry = _table(_table(document, "tool"), "poetry")
    groups = _table(poetry, "group")
    for table in (poetry, *(_table(groups, name) for name in groups)):
        for name, value in _table(table, "dependencies").items():
            text = value if isinstance(value, str) else value.get("version", "") if isinstance(value, dict) else ""
            yield Need(canonical(name), caret(str(text)), file.name)


def _table(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A table of a file that others wrote; empty when it is none."""
    found = document.get(name)
    return found if isinstance(found, dict) else {}


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else []


def caret(text: str) -> str:
    """Poetry's `^1.2` and `~1.2` as a specifier set."""
    found = re.fullmatch(r"\s*([\^~])\s*(\d+(?:\.\d+)*)\s*", text)
    if not found:
        return "" if text.strip() in {"*", ""} else f"=={text.strip()}" if re.fullmatch(r"\s*\d+(\.\d+)*\s*", text) else text.strip()
    parts = [int(part) for part in found[2].split(".")]
    at = next((number for number, part in enumerate(parts) if part), len(parts) - 1) if found[1] == "^" else min(1, len(parts) - 1)
    upper = [*parts[:at], parts[at] + 1]
    return f">={found[2]},<{'.'.join(map(str, upper))}"


def _requirements(folder: Path) -> Iterator[Need]:
    for file in (*requirement_files(folder), *sorted(folder.glob("*requirements*.in"))):
        for requirement, name in requirements(file):
            yield _asked(requirement, name)


def _metadata(folder: Path, inside: Collection[str]) -> Iterator[Need]:
    """`Requires-Dist` of the scanned package itself: `*.dist-info/METADATA`, `*.egg-info/PKG-INFO`, `PKG-INFO` of an sdist."""
    own = [*folder.glob("*.dist-info/METADATA"), *folder.glob("*.egg-info/PKG-INFO"), *folder.glob("PKG-INFO")]
    if len(own) > 3:
        packages = {canonical(name) for name in inside}
        own = [file for file in own if canonical(file.parent.name.partition("-")[0].removesuffix(".egg")) in packages]
    for file in sorted(own):
        try:
            text = file.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        for line in text.split("\n\n", 1)[0].splitlines():
            if line.startswith("Requires-Dist:"):
                yield from _need(line.partition(":")[2], f"{file.parent.name}/{file.name}" if file.name == "METADATA" else file.name)


def _need(line: str, source: str) -> Iterator[Need]:
    try:
        found = Requirement(line.strip())
    except InvalidRequirement:
        return
    yield _asked(found, source)


def _asked(requirement: Requirement, source: str) -> Need:
    return Need(canonical(requirement.name), str(requirement.specifier), source, requirement.marker is not None)


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
