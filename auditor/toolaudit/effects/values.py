"""What an expression can stand for: abstract values, where they live, and which reads they derive from.

A value has a form (what it is), a taint (the reads of the current function, by position, and the parameters, by name, that it
derives from) and a location: where it lives when it outlives the call. A value without a location is owned by the call.
Values are frozen and compare by structure, so that a function met twice with alike arguments is interpreted once.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from os.path import commonprefix
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from toolaudit.facts import FunctionFacts, Lambda
from toolaudit.model import Fact, KeyPart
from toolaudit.project.resolve import ClassRef

Taint = frozenset[int | str]
CLEAN: Taint = frozenset()
MARKS = ("+", "~", "=", "@", "!", "^", "?")
"""How an item of a taint begins that is no read or parameter, but says something of one: see `edits.py` and `refusals.py`."""
MAX_TAINT = 96
MAX_ALTERNATIVES = 6
MAX_CALLABLES = 48
Step = str | tuple[KeyPart, ...]
"""One step from an object to a part of it: an attribute's name, or the key of an item."""


class Loc(Struct, frozen=True, cache_hash=True, tag=True):
    """Where a shared object lives. `param` is a place that only the caller knows; it is replaced at the call."""

    root: Literal["self", "global", "cell", "state", "param"]
    name: str
    scope: str
    path: tuple[Step, ...] = ()

    def __truediv__(self, step: Step) -> Loc:
        return Loc(self.root, self.name, self.scope, (*self.path, step)[:6])


class Code:
    """A function's or lambda's facts in a box that is equal to itself alone: bodies are never compared."""

    __slots__ = ("facts", "free", "line", "statements")

    def __init__(self, facts: FunctionFacts | Lambda) -> None:
        self.facts = facts
        self.line = facts.line
        self.free: frozenset[str] | None = None
        self.statements = 0


class Scalar(Struct, frozen=True, cache_hash=True):
    """A constant."""

    value: str | int | float | bool | None


class Text(Struct, frozen=True, cache_hash=True):
    """Text (a path, an address, a name) made of known and symbolic parts."""

    parts: tuple[KeyPart, ...]


class Data(Struct, frozen=True, cache_hash=True):
    """Something that is not followed. `why` is empty for plain data; otherwise it may be an object with methods."""

    why: str = ""


class Many(Struct, frozen=True, cache_hash=True):
    """A container. `items` and `entries` are its members where all are known; `element` stands for any member."""

    kind: Literal["list", "tuple", "set", "dict", "generator"]
    items: tuple[Value, ...] | None = None
    entries: tuple[tuple[Value, Value], ...] | None = None
    element: Value | None = None
    type: str = ""
    """The catalogue's type, where it is not the built-in of that kind."""
    head: tuple[Value, ...] = ()
    """The first members, where the rest is not known."""


class Instance(Struct, frozen=True, cache_hash=True):
    """An object of a project class; `fields` are the attributes known from its construction."""

    cls: ClassRef
    fields: tuple[tuple[str, Value], ...] = ()

    def field(self, name: str) -> Value | None:
        for known, value in self.fields:
            if known == name:
                return value
        return None


class Handle(Struct, frozen=True, cache_hash=True):
    """An object of a foreign type, bound to a resource (`kind`, `parts`) where the catalogue says so."""

    type: str
    kind: str = ""
    parts: tuple[KeyPart, ...] = ()
    scope: str = ""
    base: tuple[KeyPart, ...] = ()
    attrs: tuple[tuple[str, Value], ...] = ()

    def attr(self, name: str) -> Value | None:
        for known, value in self.attrs:
            if known == name:
                return value
        return None


class Function(Struct, frozen=True, cache_hash=True):
    """A function or lambda of the project, with its receiver when bound and the variables it closes over."""

    path: str
    qualname: str
    code: Code
    owner: ClassRef | None = None
    receiver: Value | None = None
    env: tuple[tuple[str, Value], ...] = ()
    raw: bool = False
    """Its decorators are already applied, or are not to be."""


class Partial(Struct, frozen=True, cache_hash=True):
    func: Value
    args: tuple[Value, ...] = ()
    keywords: tuple[tuple[str, Value], ...] = ()


class Foreign(Struct, frozen=True, cache_hash=True):
    """A dotted name outside the project: a module, function or class, as its users import it."""

    name: str


class Method(Struct, frozen=True, cache_hash=True):
    """A method of something that is no project object."""

    receiver: Value
    name: str


class Class(Struct, frozen=True, cache_hash=True):
    ref: ClassRef


class Module(Struct, frozen=True, cache_hash=True):
    path: str
    module: str


class Super(Struct, frozen=True, cache_hash=True):
    instance: Value
    owner: ClassRef


class Manager(Struct, frozen=True, cache_hash=True):
    """A call of a `contextlib.contextmanager` function, waiting for its `with`."""

    call: Partial


class Either(Struct, frozen=True, cache_hash=True):
    """One of several; a fact says for which argument each is chosen, where one is known."""

    values: tuple[Value, ...]
    facts: tuple[Fact | None, ...] = ()


Form = Scalar | Text | Data | Many | Instance | Handle | Function | Partial | Foreign | Method | Class | Module | Super | Manager | Either


FLAT: frozenset[type] = frozenset({Scalar, Text, Data, Foreign, Class, Module})
"""Forms that hold no values. Asked by `type`, as a look-up costs a fifth of `isinstance` with a struct."""


class Value(Struct, frozen=True, cache_hash=True):
    form: Form
    taint: Taint = CLEAN
    loc: Loc | None = None

    def tainted(self, taint: Taint) -> Value:
        return self if taint <= self.taint else Value(self.form, join_taint(self.taint, taint), self.loc)

    def at(self, loc: Loc | None) -> Value:
        return Value(self.form, self.taint, loc)


PLAIN = Value(Data())
NONE = Value(Scalar(None))


def join_taint(one: Taint, other: Taint) -> Taint:
    if not other or one is other:
        return one
    return bounded(one | other) if one else other


def bounded(both: Taint) -> Taint:
    """The taint, of a size that can be carried on; which part of it stays does not depend on the order in which it was joined."""
    return both if len(both) <= MAX_TAINT else cut(both)


@lru_cache(maxsize=2048)
def cut(both: Taint) -> Taint:
    """Five of six were cut before: what follows a long condition depends on all of it, and on the same little more."""
    reads = sorted([item for item in both if type(item) is int])
    if len(reads) >= MAX_TAINT:
        return frozenset(reads[-MAX_TAINT:])  # what was read last is nearest to what the tool is for
    names = sorted([item for item in both if type(item) is str])
    return frozenset((*reads, *names[: MAX_TAINT - len(reads)]))


@lru_cache(maxsize=8192)
def one_of(taint: Taint) -> Taint:
    """One set for all that are equal: thousands of effects come from the same reads, and a set takes a kilobyte."""
    return taint


def taints(values: Iterable[Value]) -> Taint:
    found = CLEAN
    for value in values:
        if value.taint:
            found = join_taint(found, value.taint) if found else value.taint
    return found


def deep_taint(value: Value, depth: int = 3) -> Taint:
    """The taint of a value and of what it holds."""
    form, found = value.form, value.taint
    if depth == 0 or type(form) in FLAT:
        return found
    inner: list[Value] = []
    if isinstance(form, Many):
        inner += form.items or ()
        inner += [v for entry in form.entries or () for v in entry]
        inner += [form.element] if form.element is not None else []
    elif isinstance(form, Instance):
        inner += [v for _, v in form.fields]
    elif isinstance(form, Handle):
        inner += [v for _, v in form.attrs]
    elif isinstance(form, Either):
        inner += form.values
    elif isinstance(form, Function):
        inner += [v for _, v in form.env]
        inner += [form.receiver] if form.receiver is not None else []
    elif isinstance(form, Partial):
        inner += [form.func, *form.args, *(v for _, v in form.keywords)]
    elif isinstance(form, Method):
        inner.append(form.receiver)
    elif isinstance(form, Manager):
        inner += [*form.call.args, *(v for _, v in form.call.keywords)]
    for part in inner:
        found = join_taint(found, deep_taint(part, depth - 1))
    return found


def constant(value: str | int | float | bool | None) -> Value:
    return Value(Scalar(value))


def text(parts: tuple[KeyPart, ...], taint: Taint = CLEAN) -> Value:
    """Text of these parts; a constant when all are literal."""
    parts = tidy(parts)
    if all(part.kind == "literal" for part in parts):
        return Value(Scalar("".join(part.text for part in parts)), taint)
    return Value(Text(parts), taint)


def tidy(parts: Iterable[KeyPart]) -> tuple[KeyPart, ...]:
    """Adjacent literals as one, empty ones gone."""
    out: list[KeyPart] = []
    for part in parts:
        if part.kind == "literal":
            if not part.text:
                continue
            if out and out[-1].kind == "literal":
                out[-1] = KeyPart("literal", out[-1].text + part.text)
                continue
        out.append(part)
    return tuple(out[:12])


def union(values: Iterable[Value]) -> Value:
    """One of several values, folded where they say the same, bounded."""
    flat: list[Value] = []
    taint = CLEAN
    for value in values:
        taint = join_taint(taint, value.taint)
        for part in value.form.values if type(value.form) is Either else (value,):
            form, loc = part.form, part.loc
            for known in flat:
                if (form is known.form or form == known.form) and loc == known.loc:
                    break
            else:
                flat.append(part)
    if len(flat) < 2:
        return flat[0].tainted(taint) if flat else PLAIN
    flat = sorted(_completed(flat), key=_is_new)
    useful = [
        v for v in flat if not (isinstance(v.form, Scalar) and v.form.value is None) and (v.form != PLAIN.form or v.loc is not None)
    ] or flat[:1]
    if any(_is_of_others(v) for v in flat):
        useful = list(dict.fromkeys(_perhaps_kept(v) for v in useful))
    if len(useful) == 1 and len(flat) > 1 and isinstance(useful[0].form, Scalar):
        useful = flat
    if len(useful) == 1:
        return useful[0].tainted(taint)
    return Value(Either(_bounded(useful)), taint)


def _is_of_others(value: Value) -> bool:
    return value.form == PLAIN.form or (type(value.form) is Handle and (value.form.scope != "own" or value.loc is not None))


def _perhaps_kept(value: Value) -> Value:
    """An object that the call made, or one that it got from somewhere: others may hold it."""
    if type(value.form) is Handle and value.form.scope == "own" and value.form.kind != "sql":  # a database in memory is nobody else's
        return Value(replace(value.form, scope=""), value.taint, value.loc)
    return value


def _is_new(value: Value) -> bool:
    """Text made anew in the call: of alternatives it comes last, as what was given says more."""
    return type(value.form) is Text and any(part.kind == "fresh" for part in value.form.parts)


def _bounded(useful: list[Value]) -> tuple[Value, ...]:
    """At most so many alternatives: constants as what they have in common, callables in larger number, as each may do something else."""
    if len(useful) <= MAX_ALTERNATIVES:
        return tuple(useful)
    from toolaudit.effects.folding import folded, of_one_class

    if len(useful := of_one_class(useful)) <= MAX_ALTERNATIVES:
        return tuple(useful)
    words = [v.form.value for v in useful if isinstance(v.form, Scalar) and isinstance(v.form.value, str)]
    if len(words) > MAX_ALTERNATIVES:
        rest = [v for v in useful if not (isinstance(v.form, Scalar) and isinstance(v.form.value, str))]
        return (Value(Text(in_common(words))), *rest[: MAX_ALTERNATIVES - 1])
    useful = folded(useful)
    called = [v for v in useful if isinstance(v.form, Function | Partial | Method | Class)]
    if len(called) > MAX_CALLABLES:
        return (*called[:MAX_ALTERNATIVES], Value(Data("dynamic-getattr")))
    others = [v for v in useful if not isinstance(v.form, Function | Partial | Method | Class)]
    return (*called, *others[: max(MAX_ALTERNATIVES - len(called), 1)])


def in_common(words: list[str]) -> tuple[KeyPart, ...]:
    """What stands for any of several texts: their common beginning and end, anything in between."""
    start = commonprefix(words)  # noqa: RUF071  (texts, not paths)
    end = commonprefix([word[len(start) :][::-1] for word in words])[::-1]  # noqa: RUF071
    return tidy((KeyPart("literal", start), KeyPart("any", "*"), KeyPart("literal", end)))


def _completed(flat: list[Value]) -> list[Value]:
    """Without texts that another one becomes when its beginning or end is made sure of: `if not name.endswith(".md"): name += ".md"`."""
    texts = [v.form for v in flat if (type(v.form) is Text or type(v.form) is Handle) and v.form.parts]
    if len(texts) < 2:
        return flat
    return [v for v in flat if not (isinstance(v.form, Text | Handle) and any(_completes(v.form, shorter) for shorter in texts))]


def _completes(form: Text | Handle, shorter: Text | Handle) -> bool:
    if isinstance(form, Handle) and not (isinstance(shorter, Handle) and (form.type, form.scope) == (shorter.type, shorter.scope)):
        return False
    text, base = form.parts, shorter.parts
    if type(form) is not type(shorter) or len(text) != len(base) + 1 or all(part.kind == "literal" for part in base):
        return False
    ending = base[-1].kind != "literal" and text[:-1] == base and text[-1].kind == "literal"
    beginning = base[0].kind != "literal" and text[1:] == base and text[0].kind == "literal"
    return ending or beginning


def alternatives(value: Value) -> tuple[Value, ...]:
    if isinstance(value.form, Either):
        return tuple(part.tainted(value.taint) for part in value.form.values)
    return (value,)


def is_constant(value: Value) -> bool:
    return isinstance(value.form, Scalar)


def bare(function: Function) -> Function:
    """The function itself, its decorators left aside."""
    return Function(function.path, function.qualname, function.code, function.owner, function.receiver, function.env, True)


def passed(exits: Taint, stays: Taint) -> Taint:
    """What follows derives from the conditions on which something raises: what was looked up for them is as it `stays` where nothing does."""
    looks = frozenset(item for item in exits if isinstance(item, str) and item[:1] in ("=", "@"))
    ways = frozenset(f"{mark}{item[1:]}" for item in looks for mark in ("=", "@"))
    return (exits - looks) | (ways & stays)
