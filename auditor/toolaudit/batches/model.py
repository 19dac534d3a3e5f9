"""Recorded calls as plain values."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


class BadEntry(ValueError):  # noqa: N818 - a mistake in the input, said in one line
    """An entry that is not what its format asks for; the message names the place and what was expected."""


@dataclass(frozen=True)
class Recorded:
    """One tool call of a recording. `start` and `end` are seconds, where the recording has them; `place` is where it stands."""

    tool: str
    arguments: Mapping[str, Any]
    id: str = ""
    place: str = ""
    start: float | None = None
    end: float | None = None


@dataclass(frozen=True)
class Turn:
    """The calls of one model turn, in the order given. `group`: turns of one group that follow each other are one turn."""

    calls: tuple[Recorded, ...]
    format: str
    place: str = ""
    group: str = ""


@dataclass(frozen=True)
class Recording:
    """All turns of a file, in order, and one line for each entry that could not be read."""

    turns: tuple[Turn, ...]
    problems: tuple[str, ...] = ()


Complain = Callable[[str], None]
"""Takes one line about an entry that is left out."""


def recorded(name: Any, arguments: Any, identity: Any, place: str) -> Recorded:
    """A call of its raw parts; arguments are an object or its JSON text. Raises BadEntry."""
    if not isinstance(name, str) or not name:
        raise BadEntry(f"{place}: the call has no tool name (expected a text)")
    return Recorded(name, _object(arguments, name, place), identity if isinstance(identity, str) else "", place)


def _object(arguments: Any, name: str, place: str) -> Mapping[str, Any]:
    if arguments is None or arguments == "":
        return {}
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments)
        except ValueError as error:
            raise BadEntry(f"{place}: the arguments of {name} are not valid JSON ({error})") from None
        except RecursionError:
            raise BadEntry(f"{place}: the arguments of {name} are nested too deeply") from None
    if not isinstance(arguments, Mapping):
        raise BadEntry(f"{place}: the arguments of {name} are {_kind(arguments)}, expected an object")
    return arguments


def _kind(value: Any) -> str:
    names = {list: "a list", str: "a text", bool: "a truth value", int: "a number", float: "a number", type(None): "null"}
    return names.get(type(value), "no object")


def several(entries: list[tuple[Any, Any, Any, str]], complain: Complain) -> tuple[Recorded, ...]:
    """Calls of (name, arguments, id, place) each; what cannot be read is complained of and left out."""
    calls = []
    for name, arguments, identity, place in entries:
        try:
            calls.append(recorded(name, arguments, identity, place))
        except BadEntry as error:
            complain(str(error))
    return tuple(calls)


def listed(value: Any) -> list[Any]:
    """The value if it is a list, else nothing."""
    return value if isinstance(value, list) else []
