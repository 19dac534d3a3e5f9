"""What declares tools only together with other files: named instances of a class, schemas and the dispatchers that know their names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple, Protocol

import msgspec
from msgspec import Struct

from toolaudit.facts import Name
from toolaudit.frameworks.bodies import Bodies
from toolaudit.frameworks.callables import FunctionRef
from toolaudit.frameworks.checks import DiscoveryNote, joined
from toolaudit.frameworks.discover_classes import classes
from toolaudit.frameworks.discover_dispatch import bare, dispatched, low_level
from toolaudit.frameworks.discover_handlers import handlers
from toolaudit.frameworks.discover_instances import instances
from toolaudit.frameworks.discover_schemas import helped, schemas
from toolaudit.frameworks.drafts import Draft, SchemaText, from_ref
from toolaudit.frameworks.finish import Made, made, said_name
from toolaudit.frameworks.handed_on import calling, handed_on
from toolaudit.frameworks.known import Known
from toolaudit.frameworks.schema import Declare
from toolaudit.frameworks.sites import Site
from toolaudit.project.answers import Answers, given
from toolaudit.project.watched import Watched

Key = tuple[str, str]
"""File and qualname."""
Helpers = dict[Key, int]
"""Functions that make a schema of their arguments, with the position of the name."""


class OfFile(Protocol):
    """What must be known of each file."""

    @property
    def unnamed(self) -> tuple[str, ...]: ...

    @property
    def helpers(self) -> tuple[tuple[str, int], ...]: ...

    @property
    def speaks(self) -> bool: ...

    @property
    def handles(self) -> bool: ...

    @property
    def registers(self) -> bool: ...

    @property
    def makers(self) -> tuple[str, ...]: ...


class Crossing(NamedTuple):
    """`world`: what looks names up by asking a project, nothing asked yet."""

    known: Known
    answers: Answers
    world: Callable[[Watched], Bodies]


class Spoken(Struct, frozen=True, array_like=True):
    """Of the words that were asked for, those that a file holds: names of classes that it calls, names of functions."""

    called: tuple[str, ...]
    named: tuple[str, ...]


class Dispatching(Struct, frozen=True, array_like=True):
    """`undispatched`: schemas without a dispatcher, by name, that have a function of their name beside them."""

    made: tuple[Made, ...] = ()
    undispatched: tuple[tuple[str, Made], ...] = ()
    notes: tuple[DiscoveryNote, ...] = ()


class HandedOn(Struct, frozen=True, array_like=True):
    """`looked`: names of registrars, and the files that call one of them."""

    looked: tuple[tuple[list[str], list[str]], ...]
    made: tuple[Made, ...]


class Across(NamedTuple):
    """`instances`: the class that each is of, and the tool."""

    instances: list[tuple[Key, Made]]
    dispatched: tuple[Made, ...]
    undispatched: tuple[tuple[str, Made], ...]
    notes: tuple[DiscoveryNote, ...]
    handed_on: list[Made]
    generated: list[Made]


_spoken = msgspec.msgpack.Decoder(Spoken)
_named = msgspec.msgpack.Decoder(list[tuple[Key, Made]])
_handed = msgspec.msgpack.Decoder(HandedOn)
_several = msgspec.msgpack.Decoder(list[Made])
_names = msgspec.msgpack.Decoder(list[str])
_flag = msgspec.msgpack.Decoder(bool)
_dispatching = msgspec.msgpack.Decoder(Dispatching)


def across(crossing: Crossing, files: Mapping[str, OfFile]) -> Across:
    """Everything that more than one file declares; `files` in the order of the candidates."""
    unnamed = {(path, owner) for path, one in files.items() for owner in one.unnamed}
    helping: Helpers = {(path, qualname): position for path, one in files.items() for qualname, position in one.helpers}
    spoken = _words(crossing, files, unnamed, helping)
    found: list[tuple[Key, Made]] = []
    for path, words in spoken.items():
        found += _instances(crossing, path, sorted(key for key in unnamed if _last(key) in words.called)) if words.called else ()
    speaking = [path for path, one in files.items() if one.speaks or spoken[path].named]
    dispatching = _dispatch(crossing, files, speaking, helping)
    handed = _handed_on(crossing, files, [path for path, one in files.items() if one.registers])
    generated = _generated(crossing, [(path, qualname) for path, one in files.items() for qualname in one.makers])
    return Across(found, dispatching.made, dispatching.undispatched, dispatching.notes, handed, generated)


def _last(key: Key) -> str:
    return key[1].rsplit(".", 1)[-1]


# --- instances -------------------------------------------------------------------------------------------------------


def _words(crossing: Crossing, files: Iterable[str], unnamed: Iterable[Key], helping: Iterable[Key]) -> dict[str, Spoken]:
    called, named = sorted({_last(key) for key in unnamed}), sorted({_last(key) for key in helping})
    asked = given(called, named)
    patterns = [
        re.compile(rf"\b({'|'.join(map(re.escape, words))})\b{after}") for words, after in ((called, r"(?=\()"), (named, "")) if words
    ]
    made: dict[str, Spoken] = {}
    for path in files:
        known = crossing.answers.known(f"words {path}", _spoken, asked)
        if known is None:
            watched = crossing.answers.watched()
            text = crossing.world(watched).names.text(path)[0] if patterns else ""
            there = {match[1] for pattern in patterns for match in pattern.finditer(text)}
            spoken = Spoken(tuple(sorted(there.intersection(called))), tuple(sorted(there.intersection(named))))
            known = crossing.answers.put(f"words {path}", spoken, watched, asked)
        made[path] = known
    return made


def _instances(crossing: Crossing, path: str, unnamed: list[Key]) -> list[tuple[Key, Made]]:
    """The instances that a file makes of classes without a name."""
    name, asked = f"instances {path}", given(unnamed)
    found = crossing.answers.known(name, _named, asked)
    if found is None:
        watched = crossing.answers.watched()
        bodies = crossing.world(watched)
        every = (one for file in dict.fromkeys(file for file, _ in unnamed) for one in classes(bodies, crossing.known, file))
        drafts = {(one.file, one.owner): one for one in every if one.declared_by == "base-class" and not said_name(bodies, one)}
        wanted = {key: draft for key, draft in drafts.items() if key in set(unnamed)}
        found = [(key, made(bodies, draft)) for key, draft in instances(bodies, wanted, (path,))]
        crossing.answers.put(name, found, watched, asked)
    return found


# --- registrars of the project's own ---------------------------------------------------------------------------------


def _handed_on(crossing: Crossing, files: Iterable[str], registering: list[str]) -> list[Made]:
    """The functions that are given to the project's own registrars. An answer stands while the same files call what it looked for."""
    if not registering:
        return []
    paths, asked = list(files), given(registering)
    known = crossing.answers.known("handed on", _handed, asked)
    if known is not None and all(_calling(crossing, paths, names) == there for names, there in known.looked):
        return list(known.made)
    looked: list[tuple[list[str], list[str]]] = []

    def speaking(names: list[str]) -> list[str]:
        looked.append((names, _calling(crossing, paths, names)))
        return looked[-1][1]

    watched = crossing.answers.watched()
    bodies = crossing.world(watched)
    found = [made(bodies, draft) for draft in handed_on(bodies, crossing.known, tuple(registering), speaking)]
    return list(crossing.answers.put("handed on", HandedOn(tuple(looked), tuple(found)), watched, asked).made)


def _calling(crossing: Crossing, paths: list[str], names: list[str]) -> list[str]:
    """The files that call one of the names."""
    pattern, asked = calling(names), given(names)
    return [path for path in paths if _matches(crossing, f"calls {asked.hex()} {path}", path, pattern)]


def _matches(crossing: Crossing, name: str, path: str, pattern: re.Pattern[str]) -> bool:
    found = crossing.answers.known(name, _flag)
    if found is None:
        watched = crossing.answers.watched()
        found = pattern.search(crossing.world(watched).names.text(path)[0]) is not None
        crossing.answers.put(name, found, watched)
    return found


# --- tools that code makes ---------------------------------------------------------------------------------------------


def _generated(crossing: Crossing, makers: list[Key]) -> list[Made]:
    """The tools that functions make of what they are called with."""
    if not makers:
        return []
    asked = given(makers)
    found = crossing.answers.known("generated", _several, asked)
    if found is None:
        from toolaudit.frameworks.discover_made import generated

        watched = crossing.answers.watched()
        bodies = crossing.world(watched)
        found = [made(bodies, draft) for draft in generated(bodies, crossing.known, makers)]
        crossing.answers.put("generated", found, watched, asked)
    return found


# --- schemas and dispatchers -----------------------------------------------------------------------------------------


def _dispatch(crossing: Crossing, files: Mapping[str, OfFile], speaking: list[str], helping: Helpers) -> Dispatching:
    named = {path: names for path in speaking if (names := _schemas(crossing, path, helping))}
    names = list(dict.fromkeys(name for there in named.values() for name in there))
    handling = [path for path, one in files.items() if one.handles]
    comparing = [path for path in files if _compares(crossing, path, names)]
    if not (names or handling or comparing):
        return Dispatching()
    asked = given(list(named), sorted(helping.items()), handling, comparing)
    found = crossing.answers.known("dispatch", _dispatching, asked)
    if found is None:
        watched = crossing.answers.watched()
        found = _dispatched(crossing.world(watched), crossing.known, (list(named), handling, comparing), helping)
        crossing.answers.put("dispatch", found, watched, asked)
    return found


def _schemas(crossing: Crossing, path: str, helping: Helpers) -> list[str]:
    """The names of the schemas that a file declares by itself. Most files declare none, and an edit of one looks up no dispatcher again."""
    asked = given(sorted(helping.items()))
    found = crossing.answers.known(f"schemas {path}", _names, asked)
    if found is None:
        watched = crossing.answers.watched()
        found = list(_declared(crossing.world(watched), crossing.known, [path], helping))
        crossing.answers.put(f"schemas {path}", found, watched, asked)
    return found


def _compares(crossing: Crossing, path: str, names: list[str]) -> bool:
    """Whether a function of the file compares with, or tabulates, names that a schema declares."""
    asked = given(names)
    found = crossing.answers.known(f"compares {path}", _flag, asked)
    if found is None:
        watched = crossing.answers.watched()
        found = next(bare(crossing.world(watched), crossing.known, path, frozenset(names)), None) is not None
        crossing.answers.put(f"compares {path}", found, watched, asked)
    return found


def _dispatched(bodies: Bodies, known: Known, paths: tuple[list[str], list[str], list[str]], helping: Helpers) -> Dispatching:
    speaking, handling, comparing = paths
    declared = _declared(bodies, known, speaking, helping)
    sites = _sites(bodies, known, handling, comparing, frozenset(declared))
    found = dispatched(bodies, known, sites, declared)
    drafts = [*(one.draft for one in found.found), *handlers(bodies, sites, declared)]
    return Dispatching(
        tuple([made(bodies, draft) for draft in drafts]),
        tuple([(name, made(bodies, draft)) for name, draft in _undispatched(bodies, declared)]),
        tuple(joined(declared, found)),
    )


def _declared(bodies: Bodies, known: Known, paths: Iterable[str], helping: Helpers) -> dict[str, list[SchemaText]]:
    """Schema literals by name."""
    found: dict[str, list[SchemaText]] = {}
    for path in paths:
        conventions = _conventions(bodies, known, path)
        for schema in (*schemas(bodies, known, path), *helped(bodies, helping, path, known)):
            if schema.line not in conventions:
                found.setdefault(schema.name, []).append(schema)
    return found


def _conventions(bodies: Bodies, known: Known, path: str) -> set[int]:
    """Lines of schemas that a framework joins with their function itself."""
    variables = {rule.declare.variable for rule in known.of("module")}
    index = bodies.project.index(path)
    assigns = index.assigns if index is not None else ()
    return {one.line for one in assigns if any(isinstance(target, Name) and target.id in variables for target in one.targets)}


def _sites(bodies: Bodies, known: Known, handling: Iterable[str], comparing: Iterable[str], names: frozenset[str]) -> list[Site]:
    """The dispatchers; one that a framework calls is not also a hand-written one."""
    sites: dict[Key, Site] = {}
    for path in handling:
        for site in low_level(bodies, known, path):
            sites.setdefault((site.path, site.facts.qualname), site)
    for path in comparing:
        for site in bare(bodies, known, path, names):
            sites.setdefault((site.path, site.facts.qualname), site)
    return list(sites.values())


_SCHEMA = Declare("schema")


def _undispatched(bodies: Bodies, declared: dict[str, list[SchemaText]]) -> Iterator[tuple[str, Draft]]:
    """A schema that has a function of its name beside it, defined or imported there."""
    for name, listed in declared.items():
        for schema in listed if name.isidentifier() else ():
            for target in bodies.names.lookup(schema.scope.path, name):
                head = bodies.names.head(target.path, target.qualname) if target.kind == "function" else None
                if head is not None and schema.framework is not None:
                    ref = FunctionRef("function", target.path, target.qualname, head.line)
                    yield name, from_ref(schema.framework, _SCHEMA, "schema", ref, name=name, schema=schema)
