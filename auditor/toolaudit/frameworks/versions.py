"""Which version of each framework a code base runs with, and where that is said. What is not said is said to be unknown."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from importlib import metadata
from pathlib import Path

from msgspec import Struct
from packaging import version as versions_
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion

from toolaudit.frameworks.lockfiles import LOCKS, locked, locks
from toolaudit.frameworks.needs import Need, canonical, needs
from toolaudit.frameworks.schema import Framework

_UP = 4
"""How many folders above a root are searched for lock files and a pyproject.toml."""
_DOWN, _WIDE = 2, 200
"""How many levels below the roots, and how many folders of each, are searched for projects of their own."""
_MARKS = ("pyproject.toml", "requirements.txt", *LOCKS)
_NO_PROJECTS = frozenset({"node_modules", "site-packages", "venv", "env", "build", "dist", "tests", "test", "docs", "examples"})


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


def detect(roots: Sequence[Path], frameworks: Iterable[Framework]) -> dict[str, Version]:
    """Framework name → version, for frameworks that have a distribution.

    In order: a lock file or pinned requirement, a range in pyproject.toml or a requirements file, `Requires-Dist` of the scanned
    package's own metadata, the installed distribution, the newest version that is known.
    """
    listed = tuple(frameworks)
    near, below = _folders(roots), _below(roots)
    pins = _pins(near, below)
    asked = needs((*near, *below))
    return {one.name: _one(one, pins, asked) for one in listed if one.framework.distributions}


def _one(framework: Framework, pins: Mapping[str, _Pin], asked: Mapping[str, tuple[Need, ...]]) -> Version:
    head = framework.framework
    names = [canonical(name) for name in head.distributions]
    for name in names:
        if name in pins:
            found = _pinned(framework, name, pins[name])
            if found is not None:
                return found
    for name in names:
        found = _best([one for need in asked.get(name, ()) if (one := _in_range(framework, need)) is not None])
        if found is not None:
            return found
    for name in names:
        installed = _installed(name)
        if installed and _describes(framework, installed):
            return Version(installed, f"{name} {installed} is installed beside toolaudit, and nothing else names it", certain=False)
    unknown = "version unknown: no lock file, requirement or installation names it"
    if head.newest:
        return Version(head.newest, f"{unknown}; taken as the newest known, {head.newest}", certain=False, shown="unknown")
    return Version("", unknown, certain=False)


def _pinned(framework: Framework, name: str, pin: _Pin) -> Version | None:
    """The locked version; of several for different environments the newest, which is no fact."""
    known = sorted((one for one in pin.versions if _describes(framework, one)), key=versions_.Version)
    if len(known) < 2:
        return Version(known[0], f"{name} {known[0]} in {pin.file}") if known else None
    either = " or ".join(known)
    return Version(known[-1], f"{name} {either} in {pin.file}, not one version for all; taken as {known[-1]}", certain=False, shown=either)


def _best(found: list[Version]) -> Version | None:
    """Of ranges for different environments the newest version; what is said names all."""
    if len(found) < 2:
        return found[0] if found else None
    newest = max(found, key=lambda one: parsed(one.version) or versions_.Version("0"))
    said = " or, in other environments, ".join(one.source.partition(";")[0] for one in found)
    return Version(newest.version, f"{said}; taken as {newest.label}", certain=False, shown=" or ".join(one.label for one in found))


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


def newest_of(framework: Framework, distribution: str) -> str:
    """The newest known version of one of a framework's distributions."""
    head = framework.framework
    return head.newest_of.get(distribution, head.newest)


def _in_range(framework: Framework, need: Need) -> Version | None:
    """The newest version known to us within a required range."""
    newest = newest_of(framework, need.distribution)
    if not need.specifier:
        return Version(
            newest, f"{need.source} asks for {need.distribution} without a version; taken as the newest known, {newest}", certain=False
        )
    try:
        allowed = SpecifierSet(need.specifier)
    except InvalidSpecifier:
        return None
    said = f"{need.source} asks for {need.distribution}{need.specifier}"
    exact = [spec.version for spec in allowed if spec.operator in {"==", "==="} and "*" not in spec.version]
    if exact:
        return Version(exact[0], said) if _describes(framework, exact[0]) else None
    if newest and allowed.contains(newest, prereleases=True):
        return Version(newest, f"{said}; taken as the newest known, {newest}", False)
    bound = _edge(allowed)
    if bound and _describes(framework, bound):
        return Version(bound, f"{said}; taken as a version in that range", certain=False, shown=need.specifier)
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


# --- files -----------------------------------------------------------------------------------------------------------


def _folders(roots: Sequence[Path]) -> list[Path]:
    """The roots' folders, then those above them up to a repository's top."""
    found: dict[Path, None] = {}
    for top in _tops(roots):
        folder = top
        for _ in range(_UP):
            found[folder] = None
            if (folder / ".git").exists() or folder.parent == folder:
                break
            folder = folder.parent
    return list(found)


def _tops(roots: Sequence[Path]) -> list[Path]:
    return [(root if root.is_dir() else root.parent).absolute() for root in roots]


def _below(roots: Sequence[Path]) -> list[Path]:
    """The folders a little below the roots that are projects of their own; none in a folder of installed packages."""
    found: list[Path] = []
    level = [top for top in _tops(roots) if next(top.glob("*.dist-info"), None) is None]
    for _ in range(_DOWN):
        level = [folder for top in level for folder in _inside(top)][:_WIDE]
        found += [folder for folder in level if any((folder / file).is_file() for file in _MARKS)]
    return found


def _inside(top: Path) -> list[Path]:
    try:
        names = sorted(one.name for one in os.scandir(top) if one.is_dir(follow_symlinks=False))
    except OSError:
        return []
    return [top / name for name in names if not name.startswith((".", "_")) and name not in _NO_PROJECTS]


class _Pin(Struct, frozen=True):
    """The versions that are locked, and in which files."""

    versions: tuple[str, ...]
    file: str


def _pins(near: Iterable[Path], below: Iterable[Path]) -> dict[str, _Pin]:
    """Distribution → exact versions and file: the nearest folder first, lock files before requirements files; else those of all projects below."""
    found: dict[str, _Pin] = {}
    for folder in near:
        for file in locks(folder):
            for name, places in _versions(file).items():
                found.setdefault(name, _Pin(tuple(places), next(iter(places.values()))))
        for info in sorted(folder.glob("*.dist-info")):
            name, _, version = info.name.removesuffix(".dist-info").rpartition("-")
            found.setdefault(canonical(name), _Pin((version,), f"the folder of {info.name}"))
    under: dict[str, dict[str, str]] = {}
    for folder in below:
        own: dict[str, dict[str, str]] = {}
        for file in locks(folder):
            for name, places in _versions(file).items():
                own.setdefault(name, places)
        for name, places in own.items():
            for version, place in places.items():
                under.setdefault(name, {}).setdefault(version, f"{folder.name}/{place}")
    for name, places in under.items():
        found.setdefault(name, _Pin(tuple(places), " and ".join(dict.fromkeys(places.values()))))
    return found


def _versions(file: Path) -> dict[str, dict[str, str]]:
    """Distribution → the versions that a file locks, each with the name of the file it stands in."""
    found: dict[str, dict[str, str]] = {}
    for name, version, place in locked(file):
        found.setdefault(canonical(name), {}).setdefault(version, place)
    return found


def _installed(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""
