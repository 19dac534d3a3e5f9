"""Which version of each framework a code base runs with, and where that is said. What is not said is said to be unknown."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from msgspec import Struct
from packaging import version as versions_
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion

from toolaudit.frameworks.lockfiles import LOCKS, locked
from toolaudit.frameworks.schema import Framework

_UP = 4
"""How many folders above a root are searched for lock files and a pyproject.toml."""


class Version(Struct, frozen=True):
    """`version` is exact or the newest that a range allows; empty when nothing says it. `source` says where it was read, in words.

    `certain` is False when the version is the newest known within a range, or the newest known at all.
    """

    version: str
    source: str
    certain: bool = True
    shown: str = ""
    """What to print instead of a version that only stands for a range (`<2`)."""

    @property
    def label(self) -> str:
        return self.shown or self.version or "unknown"


class _Need(Struct, frozen=True):
    distribution: str
    specifier: str
    source: str


def detect(roots: Sequence[Path], frameworks: Iterable[Framework]) -> dict[str, Version]:
    """Framework name → version, for frameworks that have a distribution.

    In order: a lock file or pinned requirement, a range in pyproject.toml or a requirements file, `Requires-Dist` of the scanned
    package's own metadata, the installed distribution, the newest version that is known.
    """
    listed = tuple(frameworks)
    folders = _folders(roots)
    pins = _pins(folders)
    needs = _needs(folders)
    return {one.name: _one(one, pins, needs) for one in listed if one.framework.distributions}


def _one(framework: Framework, pins: Mapping[str, tuple[str, str]], needs: Mapping[str, _Need]) -> Version:
    head = framework.framework
    names = [canonical(name) for name in head.distributions]
    for name in names:
        if name in pins and _describes(framework, pins[name][0]):
            return Version(pins[name][0], f"{name} {pins[name][0]} in {pins[name][1]}")
    for name in names:
        if name in needs:
            found = _in_range(framework, needs[name])
            if found is not None:
                return found
    for name in names:
        installed = _installed(name)
        if installed and _describes(framework, installed):
            return Version(installed, f"{name} {installed}, installed beside toolaudit", certain=False)
    unknown = "version unknown: no lock file, requirement or installation names it"
    if head.newest:
        return Version(head.newest, f"{unknown}; taken as the newest known, {head.newest}", certain=False, shown="unknown")
    return Version("", unknown, certain=False)


def _describes(framework: Framework, text: str) -> bool:
    """The framework's file is about this version (classic and new APIs share a distribution)."""
    found = parsed(text)
    oldest = parsed(framework.framework.oldest)
    newest = parsed(framework.framework.newest)
    if found is None:
        return False
    if oldest is not None and found < oldest:
        return False
    return newest is None or found.major <= newest.major or not _has_successor(framework)


def _has_successor(framework: Framework) -> bool:
    return framework.name.endswith("-classic")


def _in_range(framework: Framework, need: _Need) -> Version | None:
    """The newest version known to us within a required range."""
    head = framework.framework
    if not need.specifier:
        return Version(
            head.newest,
            f"{need.source} asks for {need.distribution} without a version; taken as the newest known, {head.newest}",
            certain=False,
        )
    try:
        allowed = SpecifierSet(need.specifier)
    except InvalidSpecifier:
        return None
    said = f"{need.source} asks for {need.distribution}{need.specifier}"
    exact = [spec.version for spec in allowed if spec.operator in {"==", "==="} and "*" not in spec.version]
    if exact:
        return Version(exact[0], said) if _describes(framework, exact[0]) else None
    if head.newest and allowed.contains(head.newest, prereleases=True):
        return Version(head.newest, f"{said}; taken as the newest known, {head.newest}", False)
    bound = _edge(allowed)
    if bound and _describes(framework, bound):
        return Version(bound, said, certain=False, shown=need.specifier)
    return None


def _edge(allowed: SpecifierSet) -> str:
    """A version inside a range that excludes the newest known: just below its upper bound, else its lower bound."""
    candidates: list[versions_.Version] = []
    for spec in allowed:
        edge = parsed(spec.version.replace(".*", ""))
        if edge is None:
            continue
        if spec.operator == "<":
            release = list(edge.release)
            while len(release) > 1 and release[-1] == 0:
                release.pop()
            if release[-1] > 0:
                release[-1] -= 1
                below = parsed(".".join(map(str, [*release, 9999])))
                candidates += [below] if below else []
        else:
            candidates.append(edge)
            padded = parsed(".".join(map(str, [*edge.release, 9999])))
            candidates += [padded] if padded and spec.operator in {"==", "~="} else []
    inside = [one for one in candidates if allowed.contains(one, prereleases=True)]
    return str(max(inside)) if inside else ""


def parsed(text: str) -> versions_.Version | None:
    try:
        return versions_.Version(text)
    except InvalidVersion:
        return None


def holds(specifier: str, version: str) -> bool:
    """Whether a version is in a range; an empty range holds always, an unknown version in any range that has no upper bound."""
    if not specifier:
        return True
    if not version:
        return all(spec.operator in {">=", ">", "!="} for spec in SpecifierSet(specifier))
    return SpecifierSet(specifier).contains(version, prereleases=True)


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


# --- files -----------------------------------------------------------------------------------------------------------


def _folders(roots: Sequence[Path]) -> list[Path]:
    """The roots' folders, then those above them up to a repository's top."""
    found: dict[Path, None] = {}
    for root in roots:
        folder = root if root.is_dir() else root.parent
        folder = folder.absolute()
        for _ in range(_UP):
            found[folder] = None
            if (folder / ".git").exists() or folder.parent == folder:
                break
            folder = folder.parent
    return list(found)


def _pins(folders: Iterable[Path]) -> dict[str, tuple[str, str]]:
    """Distribution → exact version and file, the nearest folder first, lock files before requirements files."""
    found: dict[str, tuple[str, str]] = {}
    for folder in folders:
        files = [folder / name for name in LOCKS if (folder / name).is_file()]
        files += sorted(one for one in folder.glob("pylock.*.toml") if one.is_file())
        files += sorted(one for one in folder.glob("*requirements*.txt") if one.is_file())
        files += sorted(one for one in folder.glob("requirements/*.txt") if one.is_file())
        for file in files:
            for name, version in locked(file):
                found.setdefault(canonical(name), (version, file.name))
        for info in sorted(folder.glob("*.dist-info")):
            name, _, version = info.name.removesuffix(".dist-info").rpartition("-")
            found.setdefault(canonical(name), (version, f"the folder of {info.name}"))
    return found


def _needs(folders: Iterable[Path]) -> dict[str, _Need]:
    found: dict[str, _Need] = {}
    inside = {folder.name for folder in folders}
    for folder in folders:
        for need in (*_project(folder / "pyproject.toml"), *_requirements(folder), *_metadata(folder, inside)):
            found.setdefault(need.distribution, need)
    return found


def _project(file: Path) -> Iterator[_Need]:
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return
    project = _table(document, "project")
    lines: list[object] = _list(project.get("dependencies"))
    for group in (*_table(project, "optional-dependencies").values(), *_table(document, "dependency-groups").values()):
        lines += _list(group)
    for line in lines:
        if isinstance(line, str):
            yield from _need(line, file.name)
    poetry = _table(_table(document, "tool"), "poetry")
    groups = _table(poetry, "group")
    for table in (poetry, *(_table(groups, name) for name in groups)):
        for name, value in _table(table, "dependencies").items():
            text = value if isinstance(value, str) else value.get("version", "") if isinstance(value, dict) else ""
            yield _Need(canonical(name), caret(str(text)), file.name)


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


def _requirements(folder: Path) -> Iterator[_Need]:
    for file in sorted(folder.glob("*requirements*.txt")):
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            continue
        for line in lines:
            yield from _need(line.partition("#")[0].strip(), file.name)


def _metadata(folder: Path, inside: Collection[str]) -> Iterator[_Need]:
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


def _need(line: str, source: str) -> Iterator[_Need]:
    try:
        found = Requirement(line.strip())
    except InvalidRequirement:
        return
    yield _Need(canonical(found.name), str(found.specifier), source)


def _installed(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""
