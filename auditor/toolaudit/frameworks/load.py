"""Reads the frameworks' files: ours, those of installed packages, those named in the configuration."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import metadata, resources
from importlib.resources.abc import Traversable
from importlib.util import find_spec
from pathlib import Path

import msgspec
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from toolaudit.errors import ToolauditError
from toolaudit.frameworks.schema import Declare, Framework

GROUP = "toolaudit.frameworks"
_NEEDS: Mapping[str, tuple[str, ...]] = {
    "decorator": ("names",),
    "decorator-method": ("types", "methods"),
    "base-class": ("names", "entries"),
    "factory": ("names",),
    "callables": ("lists",),
    "toolkit": ("names",),
    "hook": ("names", "methods", "callables"),
    "module": ("variable",),
    "registry": ("variables",),
}


class FrameworkError(ToolauditError):
    """A framework's file cannot be used: which file, what is wrong in it."""


class Described(msgspec.Struct, frozen=True):
    """A framework and the file that describes it: one of ours (`own`), of an installed package, or one that was named."""

    framework: Framework
    file: str
    own: bool = False
    replaces: str = ""
    """The file whose framework of the same name is not used."""


def load(extra: Sequence[Path] = ()) -> tuple[Framework, ...]:
    """All frameworks, sorted by name; as `described`, without the files."""
    return tuple(one.framework for one in described(extra))


def described(extra: Sequence[Path] = ()) -> tuple[Described, ...]:
    """All frameworks with the files that describe them, sorted by name.

    A file of `extra` (or a folder of such files) may replace one of ours by giving the same name. Raises `FrameworkError` with the
    file and the reason for a file that cannot be read or does not follow FORMAT.md.
    """
    found: dict[str, Described] = {}
    for own, sources in ((True, _own()), (False, [*_installed(), *_named(extra)])):
        for file, text in sources:
            framework = parse(text, file)
            before = found.get(framework.name)
            found[framework.name] = Described(framework, file, own, before.file if before is not None else "")
    return tuple(found[name] for name in sorted(found))


def parse(text: str, source: str) -> Framework:
    """One file's text as a framework; `source` names it in errors."""
    try:
        framework = msgspec.toml.decode(text, type=Framework)
    except msgspec.DecodeError as error:
        raise FrameworkError(f"{source}: {error}") from None
    for number, declare in enumerate(framework.declare, 1):
        missing = [field for field in _NEEDS.get(declare.kind, ()) if not getattr(declare, field)]
        if declare.kind in {"dispatcher", "registration"} and not (declare.types or declare.names):
            missing.append("types or names")
        if missing:
            raise FrameworkError(f"{source}: declare number {number} ({declare.kind}) lacks {', '.join(missing)}")
    for versions in _specifiers(framework):
        try:
            SpecifierSet(versions)
        except InvalidSpecifier:
            raise FrameworkError(f"{source}: versions {versions!r} is no version range (write `>=2,<3`)") from None
    return framework


def _specifiers(framework: Framework) -> Iterator[str]:
    yield from (declare.versions for declare in framework.declare)
    yield from (run.versions for run in framework.run)
    for flag in framework.flag:
        yield flag.versions
        yield from (spelling.versions for spelling in flag.spellings if not isinstance(spelling, str))


def markers(frameworks: Iterable[Framework]) -> dict[str, bytes]:
    """Framework name to a pattern over a file's bytes: a file without any of them declares no tool.

    The words are those that stand where a tool is declared, not the framework's import roots: a project may re-export a decorator or
    subclass a base under names of its own. Nearly all hold `tool`, so that one short pattern replaces them: the search of every byte of a
    large tree is what a cold scan begins with, and its time grows with the number of alternatives.
    """
    found: dict[str, bytes] = {}
    for framework in frameworks:
        words = set(framework.framework.markers)
        for declare in framework.declare:
            words |= _declared_words(declare)
        plain = sorted(re.escape(word) for word in words if "tool" not in word.lower())
        short = ["[Tt]ool|TOOL"] if len(plain) < len(words) else []
        found[framework.name] = "|".join([*short, *plain]).encode()
    return {name: pattern for name, pattern in found.items() if pattern}


def _declared_words(declare: Declare) -> set[str]:
    """Words of which one must stand in a file with such a declaration."""
    if declare.marker:
        return {declare.marker}
    if declare.kind == "schema":
        keys = {path.split(".")[0] for shape in declare.shapes for path in shape.requires}
        return (keys - {"name", "description", "parameters", "function"}) | {name.rsplit(".", 1)[-1] for name in declare.names}
    words = {declare.variable} if declare.variable else set()
    words |= {place.partition(":")[2] for place in declare.lists if place.startswith("keyword:")} | set(declare.keywords)
    words |= {variable.strip("*") for variable in declare.variables}
    if declare.kind in {"decorator-method", "registration", "dispatcher"}:
        words |= {method.rsplit(".", 1)[-1] for method in declare.methods}
    for name in declare.names if declare.kind not in {"callables", "schema"} else ():
        last = name.rsplit(".", 1)[-1]
        words.add("tool" if "tool" in name.lower() else name.split(".")[-2] if last.startswith("from_") else last)
    return words - {"*", ""}


def _own() -> list[tuple[str, str]]:
    return _folder(resources.files("toolaudit.frameworks"))


def _folder(folder: Traversable) -> list[tuple[str, str]]:
    files = [file for file in folder.iterdir() if file.name.endswith(".toml")]
    return [(file.name, _text(file)) for file in sorted(files, key=lambda file: file.name)]


def _text(file: Traversable) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FrameworkError(f"{file}: {error}") from None


def _installed() -> list[tuple[str, str]]:
    """The files of packages that offer some, by entry point; the package is located, not run."""
    found: list[tuple[str, str]] = []
    for point in sorted(metadata.entry_points(group=GROUP), key=lambda point: point.name):
        for folder in _located(point.name, point.module):
            found += [(f"{name} of the entry point {point.name}", text) for name, text in _folder(folder)]
    return found


def _located(name: str, module: str) -> list[Path]:
    """The folders of a module, or the folder that it lies in. Only the top-level package is looked up: finding a submodule would import it."""
    top, *rest = module.split(".")
    spec = find_spec(top)
    tops = list(spec.submodule_search_locations or ()) if spec is not None else []
    folders = [Path(one, *rest) for one in tops if Path(one, *rest).is_dir()]
    if not folders and spec is not None:
        bases = [Path(one, *rest[:-1]) for one in tops] or [Path(spec.origin or "").parent]
        folders = [one for one in bases if (one / f"{module.rpartition('.')[2]}.py").is_file()]
    if not folders:
        raise FrameworkError(f"entry point {name} of {GROUP}: {module} cannot be found")
    return folders


def _named(paths: Sequence[Path]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for path in paths:
        if path.is_dir():
            found += _folder(path)
        elif not path.exists():
            raise FrameworkError(f"{path}: no such framework file or folder")
        else:
            found.append((str(path), _text(path)))
    return found
