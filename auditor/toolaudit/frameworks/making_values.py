"""Values of code that makes tools, as it runs once when the program starts: constants, containers, functions with what they close over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from toolaudit.facts import Call, FunctionFacts, Lambda
from toolaudit.frameworks.client_operations import Service
from toolaudit.frameworks.names import Target
from toolaudit.frameworks.schema import Declare, Framework

MAX_OPTIONS = 6


class Value:
    """What an expression stands for. Values are compared by identity; what is not followed is `UNKNOWN`."""

    __slots__ = ()


@dataclass(slots=True, eq=False)
class Plain(Value):
    value: str | int | float | bool | None


@dataclass(slots=True, eq=False)
class Table(Value):
    """A dict. `rest` may stand under any key besides; a value `ABSENT` among others says that the key may be missing."""

    items: dict[object, Value] = field(default_factory=dict)
    rest: list[Value] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Row(Value):
    """A list, tuple or set. `rest`: there may be further members."""

    items: list[Value] = field(default_factory=list)
    rest: list[Value] = field(default_factory=list)
    kind: str = "list"


@dataclass(slots=True, eq=False)
class Env:
    """The variables of one call of a function; `outer` those of the function around it."""

    path: str
    qualname: str
    held: dict[str, Value] = field(default_factory=dict)
    outer: Env | None = None

    def holder(self, name: str) -> Env | None:
        env: Env | None = self
        while env is not None and name not in env.held:
            env = env.outer
        return env


@dataclass(slots=True, eq=False)
class Made(Value):
    """A function of the project: with the variables around it, the object that it is bound to, and arguments given beforehand."""

    path: str
    facts: FunctionFacts | Lambda
    qualname: str
    env: Env | None = None
    receiver: Value | None = None
    args: tuple[Value, ...] = ()
    keywords: dict[str, Value] = field(default_factory=dict)
    attrs: dict[str, Value] = field(default_factory=dict)
    defaults: dict[str, Value] = field(default_factory=dict)
    """Defaults as they were when the function was made."""
    declared: bool = False
    """It has been registered before."""

    @property
    def name(self) -> str:
        return self.qualname.rsplit(".", 1)[-1]


@dataclass(slots=True, eq=False)
class Kind(Value):
    """A class of the project."""

    target: Target


@dataclass(slots=True, eq=False)
class Thing(Value):
    """An object of a class of the project."""

    kind: Target
    attrs: dict[str, Value] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Foreign(Value):
    """A dotted name outside the project, or what one of that name gave."""

    name: str


@dataclass(slots=True, eq=False)
class Native(Value):
    """A built-in function or method."""

    call: Callable[[list[Value], dict[str, Value]], Value]


@dataclass(slots=True, eq=False)
class Module(Value):
    target: Target


@dataclass(slots=True, eq=False)
class Client(Value):
    """A client of a cloud service, or (`part`) something that belongs to it: `meta`, `meta.service_model`, one of its operations."""

    service: Service
    part: str = ""


@dataclass(slots=True, eq=False)
class Either(Value):
    options: tuple[Value, ...]


@dataclass(slots=True)
class Registered:
    """A function that is registered: by which declaration, under which name."""

    framework: Framework
    declare: Declare
    how: str
    call: Call | None
    env: Env
    made: Made
    name: str


@dataclass(slots=True, eq=False)
class Frame:
    env: Env
    returns: list[Value] = field(default_factory=list)
    yields: list[Value] = field(default_factory=list)
    weak: int = 0
    """Above zero: it is not known whether this happens."""
    splits: int = 0
    outer_names: set[str] = field(default_factory=set)


UNKNOWN = Value()
NONE = Plain(None)
ABSENT = Plain("")


class RaisedError(Exception):
    """The code raises for certain."""


def either(options: Iterable[Value]) -> Value:
    """One of several values; what is not known counts for nothing beside one that is."""
    found: list[Value] = []
    for option in options:
        for one in option.options if isinstance(option, Either) else (option,):
            if one is not UNKNOWN and not any(same(one, known) for known in found):
                found.append(one)
    if not found:
        return UNKNOWN
    return found[0] if len(found) == 1 else Either(tuple(found[:MAX_OPTIONS]))


def same(one: Value, other: Value) -> bool:
    if one is ABSENT or other is ABSENT or not (isinstance(one, Plain) and isinstance(other, Plain)):
        return one is other
    return type(one.value) is type(other.value) and one.value == other.value


def options(value: Value) -> tuple[Value, ...]:
    return value.options if isinstance(value, Either) else (value,)


def present(value: Value) -> Value:
    """The value where the key is there."""
    return either(one for one in options(value) if one is not ABSENT)


def truth(value: Value) -> bool | None:
    """Whether a value counts as true; None where that is not known."""
    if isinstance(value, Plain):
        return bool(value.value)
    if isinstance(value, Either):
        said = {truth(one) for one in value.options}
        return said.pop() if len(said) == 1 else None
    if isinstance(value, Table | Row):
        return True if value.items else None if value.rest else False
    return None if value is UNKNOWN or isinstance(value, Foreign) else True


def plain(value: Value) -> str | int | float | bool | None:
    """The constant that a value is; None also where it is none."""
    return value.value if isinstance(value, Plain) else None


def key_of(value: Value) -> object:
    """A value as a key of a dict; None for one that is not known."""
    if isinstance(value, Plain) and value is not ABSENT:
        return value.value if value.value is not None else NONE
    if isinstance(value, Row) and value.kind == "tuple" and not value.rest:
        keys = tuple(key_of(one) for one in value.items)
        return None if None in keys else keys
    return None


def of_key(key: object) -> Value:
    if isinstance(key, tuple):
        return Row([of_key(one) for one in key], kind="tuple")
    return key if isinstance(key, Value) else Plain(key)  # type: ignore[arg-type]


def looked_up(table: Table, key: object) -> Value:
    """What stands under a key; `ABSENT` among the options where it may be missing."""
    if key is None:
        return either([*table.items.values(), *table.rest])
    if key in table.items:
        return table.items[key]
    return either([*table.rest, ABSENT]) if table.rest else ABSENT


def members(value: Value) -> Iterator[tuple[Value, bool]]:
    """What a loop gets, and whether it is certain to get it; something unknown once for what cannot be counted."""
    if isinstance(value, Table):
        yield from ((of_key(key), not any(one is ABSENT for one in options(held))) for key, held in value.items.items())
        if value.rest:
            yield UNKNOWN, False
    elif isinstance(value, Row):
        yield from ((one, True) for one in value.items)
        yield from ((one, False) for one in value.rest)
    elif isinstance(value, Plain) and isinstance(value.value, str):
        yield from ((Plain(char), True) for char in value.value[:100])
    elif isinstance(value, Either):
        yield from ((one, False) for option in value.options for one, _ in members(option))
    elif not isinstance(value, Plain):
        yield UNKNOWN, False


def default_of(value: Value) -> Value:
    """A parameter's default in a function that nobody in sight calls: a flag may be given either way."""
    return UNKNOWN if isinstance(value, Plain) and (value.value is None or isinstance(value.value, bool)) else present(value)
