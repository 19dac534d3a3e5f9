"""From a caller's terms to a callee's and back.

A function is summarised for the shape of its arguments: their structure, with every text and every place named by the path from the
parameter to it. At a call the paths are followed in the real arguments. So one summary serves all calls of one shape, and a helper's
`param:path` becomes the caller's `notes.json`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from itertools import takewhile
from typing import TYPE_CHECKING

from toolaudit.effects.function_tables import MAX_TABLE, holds_function, is_table
from toolaudit.effects.keys import Parts, normal_path, or_unknown, parts_of, scope_text
from toolaudit.effects.paths import entry_step, navigate
from toolaudit.effects.values import (
    CLEAN,
    FLAT,
    MARKS,
    PLAIN,
    Data,
    Either,
    Function,
    Handle,
    Instance,
    Loc,
    Manager,
    Many,
    Method,
    Partial,
    Scalar,
    Step,
    Super,
    Taint,
    Text,
    Value,
    deep_taint,
    text,
    tidy,
)
from toolaudit.model import Column, Fact, KeyPart, Lock, Resource

if TYPE_CHECKING:
    from toolaudit.effects.terms import Terms

_PARAMETER = re.compile(r"\{param:([^{}]*)\}")
MAX_DEPTH = 3
MAX_MEMBERS = 16
MAX_NODES = 160
SHARED = ("self", "global", "cell", "state")


class Budget:
    """How many nodes a value may still take: values of values would grow without bound."""

    __slots__ = ("left",)

    def __init__(self, left: int = MAX_NODES) -> None:
        self.left = left

    def spent(self) -> bool:
        self.left -= 1
        return self.left < 0


def shape(value: Value, name: str, root: str, keep: frozenset[str], depth: int = 0, budget: Budget | None = None) -> Value:
    """A value as its callee sees it: `name` is the path that leads to it, `root` the parameter, `keep` the paths whose constants stay."""
    form = value.form
    taint = _from(root)
    if type(form) is Text:
        if name not in keep:
            return _named(name, root)
        stay = ("literal", "fresh")
        return Value(Text(tuple(p if p.kind in stay else KeyPart("param", f"{name}.~{i}") for i, p in enumerate(form.parts))), taint)
    if type(form) is Scalar:
        if form.value is None or isinstance(form.value, bool) or name in keep:
            return Value(form, taint)
        return _named(name, root)
    if type(form) is Data:
        if value.loc is not None:
            return Value(form, taint, Loc("param", name, ""))
        return Value(form, taint) if form.why else _named(name, root)
    if type(form) in FLAT:
        return Value(form, taint)
    if type(form) is Function and form.receiver is None and not form.env:
        return Value(form, taint, _place(value, name))  # nothing to name in it, however deep it lies
    budget, depth = _allowed(form, budget), min(depth, MAX_DEPTH - 2) if is_table(form) else depth
    if depth >= MAX_DEPTH or budget.spent():
        return Value(_shallow(form, name, root), taint, _place(value, name))
    outlives = value.loc is not None and value.loc.root in SHARED
    made = _structure(form, name, root, keep, depth + 1, budget, outlives)
    return Value(made, taint, _place(value, name))  # type: ignore[arg-type]


@lru_cache(maxsize=16384)
def _named(name: str, root: str) -> Value:
    """Text that only the caller knows."""
    return Value(Text((KeyPart("param", name),)), _from(root))


@lru_cache(maxsize=4096)
def _from(root: str) -> Taint:
    return frozenset((root,))


def _place(value: Value, name: str) -> Loc | None:
    if value.loc is None:
        return None
    if isinstance(value.form, Instance | Handle | Function) and value.loc.root in SHARED:
        return value.loc
    return Loc("param", name, "")


def _shallow(form: object, name: str, root: str) -> Instance | Handle | Many | Either | Data:
    if isinstance(form, Instance):
        return Instance(form.cls)
    if isinstance(form, Handle):
        return Handle(form.type, form.kind, (KeyPart("param", name),) if form.parts else (), form.scope)
    if isinstance(form, Many):
        return Many(form.kind, type=form.type)
    if isinstance(form, Either):
        steps = [(value, f"{name}.|{index}") for index, value in enumerate(form.values)]
        return Either(tuple(Value(_shallow(value.form, step, root), _from(root), _place(value, step)) for value, step in steps))
    return Data("deep")


def _varies(value: Value) -> bool:
    """A first value that is there to be changed: a count, a flag, an empty text. In a shared container it is read where it lives."""
    return isinstance(value.form, Scalar) and (not isinstance(value.form.value, str) or not value.form.value)


def _structure(form: object, name: str, root: str, keep: frozenset[str], depth: int, budget: Budget, shared_here: bool = False) -> object:
    def inner(value: Value, step: str) -> Value:
        if shared_here and isinstance(form, Many) and _varies(value):
            return Value(Data(), frozenset((root,)))
        return shape(value, f"{name}.{step}", root, keep, depth, budget)

    if isinstance(form, Many):
        few = form.items is not None and (len(form.items) <= MAX_MEMBERS or is_table(form))
        items = tuple(inner(v, f"#{i}") for i, v in enumerate(form.items)) if few and form.items is not None else None
        entries = None
        if form.entries is not None and (len(form.entries) <= MAX_MEMBERS or is_table(form)):
            entries = tuple((k, inner(v, entry_step(k))) for k, v in form.entries)
        element = None if form.element is None else inner(form.element, "[]")
        head = tuple(takewhile(lambda value: isinstance(value.form, Scalar), form.head)) if items is None else ()
        return Many(form.kind, items, entries, element, form.type, head)
    if isinstance(form, Instance):
        names = holds_function(form)  # what a record of functions is called decides which of them is meant
        return Instance(form.cls, tuple((k, v if names and isinstance(v.form, Scalar) else inner(v, k)) for k, v in form.fields))
    if isinstance(form, Handle):
        parts = form.parts if name in keep else (KeyPart("param", name),) if form.parts else ()
        base = (KeyPart("param", f"{name}.~base"),) if form.base else ()
        return Handle(form.type, form.kind, parts, form.scope, base, tuple((k, inner(v, k)) for k, v in form.attrs))
    if isinstance(form, Function):
        receiver = None if form.receiver is None else inner(form.receiver, "@")
        env = tuple((k, inner(v, f"^{k}")) for k, v in form.env)
        return Function(form.path, form.qualname, form.code, form.owner, receiver, env, form.raw)
    if isinstance(form, Partial):
        return _partial(form, inner)
    if isinstance(form, Manager):
        return Manager(_partial(form.call, inner))
    if isinstance(form, Method):
        return Method(inner(form.receiver, "@"), form.name)
    if isinstance(form, Super):
        return Super(inner(form.instance, "@"), form.owner)
    assert isinstance(form, Either)
    return Either(tuple(inner(v, f"|{i}") for i, v in enumerate(form.values)))


def _allowed(form: object, budget: Budget | None) -> Budget:
    """What a value may take: a table of functions has its own."""
    return Budget(MAX_NODES + 4 * MAX_TABLE) if is_table(form) and (budget is None or budget.left <= MAX_NODES) else budget or Budget()


def _partial(form: Partial, inner: Callable[[Value, str], Value]) -> Partial:
    args = tuple(inner(v, f"#{i}") for i, v in enumerate(form.args))
    return Partial(inner(form.func, "@"), args, tuple((k, inner(v, k)) for k, v in form.keywords))


# --- back ------------------------------------------------------------------------------------------------------------


class Bindings:
    """A callee's parameters and closed-over variables (`^name`) in the caller's terms."""

    def __init__(self, values: Mapping[str, Value]) -> None:
        self.values = values
        self._found: dict[str, Value | None] = {}
        self._taints: dict[str, Taint] = {}
        self._stands: dict[str, Taint | tuple[str, int]] = {}

    def find(self, path: str) -> Value | None:
        """The argument that a path leads to; None for a path that starts at no parameter."""
        if path not in self._found:
            root, _, rest = path.partition(".")
            suffix = ""
            if root not in self.values and root.endswith("[]"):
                root, suffix = root[:-2], "[]"
            value = self.values.get(root)
            if value is not None and suffix:
                value = navigate(value, "[]")
            for step in rest.split(".") if rest else ():
                value = None if value is None else navigate(value, step)
            self._found[path] = value
        return self._found[path]

    def taint(self, name: str) -> Taint:
        if name not in self._taints:
            value = self.values.get(name)
            self._taints[name] = CLEAN if value is None else deep_taint(value)
        return self._taints[name]

    def stands(self, item: str) -> Taint | tuple[str, int]:
        """What a parameter, marked or not, stands for; of a marked read the mark and its position."""
        known = self._stands.get(item)
        if known is None:
            name = item[1:]
            if item[0] not in MARKS:
                known = self.taint(item)
            else:
                known = (item[0], int(name)) if name.isdigit() else marks_of(item[0], self.taint(name))
            self._stands[item] = known
        return known


def replace_parts(parts: tuple[KeyPart, ...], bindings: Bindings) -> tuple[KeyPart, ...]:
    """Key parts with the callee's parameters replaced."""
    for part in parts:
        if part.kind == "param":
            break
    else:
        return parts
    out: list[KeyPart] = []
    for part in parts:
        value = bindings.find(part.text) if part.kind == "param" else None
        out += (part,) if value is None else parts_of(value)
    return tidy(out)


@lru_cache(maxsize=4096)
def marks_of(mark: str, stands: Taint) -> Taint:
    return frozenset([f"{mark}{one}" for one in stands if not (isinstance(one, str) and one[0] in MARKS)])


def replace_loc(loc: Loc | None, bindings: Bindings) -> Loc | None:
    """A place in the caller's terms; None when the caller owns the object."""
    if loc is None or loc.root != "param":
        return _keyed(loc, bindings)
    value = bindings.find(loc.name)
    if value is None:
        return loc
    if value.loc is None:
        return None
    found = value.loc
    if isinstance(value.form, Instance) and found.root in SHARED and loc.path:
        found = Loc("self", "", f"{value.form.cls.path}::{value.form.cls.qualname}")
    return Loc(found.root, found.name, found.scope, (*found.path, *(_replaced(step, bindings) for step in loc.path))[:6])


def _keyed(loc: Loc | None, bindings: Bindings) -> Loc | None:
    if loc is None or all(type(step) is str for step in loc.path):
        return loc
    return Loc(loc.root, loc.name, loc.scope, tuple(_replaced(step, bindings) for step in loc.path))


def _replaced(step: Step, bindings: Bindings) -> Step:
    return step if isinstance(step, str) else replace_parts(step, bindings)


def replace_resource(resource: Resource, bindings: Bindings) -> Resource:
    parts = replace_parts(resource.key, bindings)
    scope = _PARAMETER.sub(lambda hole: _scope(hole, bindings), resource.scope) if "{param:" in resource.scope else resource.scope
    if parts is resource.key and scope == resource.scope:
        return resource
    return Resource(resource.kind, normal_path(parts) if resource.kind in ("file", "dir") else parts, scope)


def _scope(hole: re.Match[str], bindings: Bindings) -> str:
    """What a parameter named in a scope stands for; nothing where that is not known."""
    value = bindings.find(hole.group(1))
    return hole.group() if value is None else scope_text(part for part in parts_of(value) if part.kind != "unknown")


def replace_locks(locks: tuple[Lock, ...], bindings: Bindings) -> tuple[Lock, ...]:
    if not locks or not any(lock.key for lock in locks):
        return locks
    return tuple(_replace_lock(lock, replace_parts(lock.key, bindings)) for lock in locks)


def _replace_lock(lock: Lock, key: Parts) -> Lock:
    return Lock(lock.name, lock.covers, normal_path(key) if lock.name == "flock" else key, lock.since)  # a file's: one path in one way


def replace_rows(rows: tuple[Column, ...], bindings: Bindings) -> tuple[Column, ...]:
    """The columns in the caller's terms."""
    return tuple((name, or_unknown(replace_parts(parts, bindings))) for name, parts in rows)


def replace_facts(facts: tuple[Fact, ...], bindings: Bindings) -> tuple[Fact, ...] | None:
    """The conditions of an effect in the caller's terms; None when an argument contradicts one."""
    if not facts:
        return ()
    out: list[Fact] = []
    for fact in facts:
        value = bindings.find(fact.parameter)
        if value is None:
            out.append(fact)
        elif isinstance(value.form, Scalar):
            if str(value.form.value) != fact.value:
                return None
        elif isinstance(value.form, Text) and len(value.form.parts) == 1 and value.form.parts[0].kind == "param":
            out.append(Fact(value.form.parts[0].text, fact.value))
    return tuple(out)


def trim(value: Value, depth: int = 4, budget: Budget | None = None) -> Value:
    """The value cut to a bounded size: what is deeper, or too much, is plain data."""
    form = value.form
    if type(form) in FLAT:
        return value
    budget = _allowed(form, budget)
    if budget.spent() or depth == 0:
        return Value(_shallow(form, "", "") if isinstance(form, Instance | Many) else Data("deep"), value.taint, value.loc)
    return Value(_mapped(form, lambda inner: trim(inner, depth - 1, budget)), value.taint, value.loc)  # type: ignore[arg-type]


def replace_value(value: Value, terms: Terms, depth: int = 0) -> Value:
    """A callee's result in the caller's terms."""
    form, bindings = value.form, terms.bindings
    taint = terms.settled(value.taint)
    if type(form) is Text:
        if len(form.parts) == 1 and form.parts[0].kind == "param":
            found = bindings.find(form.parts[0].text)
            if found is not None:
                return found.tainted(taint)
        made = text(replace_parts(form.parts, bindings), taint)
        return made.at(replace_loc(value.loc, bindings)) if value.loc else made
    loc = replace_loc(value.loc, bindings)
    if depth >= MAX_DEPTH + 2 or type(form) in FLAT:
        return Value(form if depth < MAX_DEPTH + 2 else PLAIN.form, taint, loc)
    return Value(_rebuilt(form, terms, depth + 1), taint, loc)  # type: ignore[arg-type]


def _rebuilt(form: object, terms: Terms, depth: int) -> object:
    made, bindings = _mapped(form, lambda value: replace_value(value, terms, depth)), terms.bindings
    if isinstance(made, Handle):
        parts = replace_parts(made.parts, bindings)
        parts = normal_path(parts) if made.kind in ("file", "dir") else parts
        return Handle(made.type, made.kind, parts, made.scope, replace_parts(made.base, bindings), made.attrs)
    return made


def _mapped(form: object, inner: Callable[[Value], Value]) -> object:
    """A form with every value inside it replaced."""
    if isinstance(form, Many):
        items = None if form.items is None else tuple(inner(v) for v in form.items)
        entries = None if form.entries is None else tuple((inner(k), inner(v)) for k, v in form.entries)
        return Many(form.kind, items, entries, None if form.element is None else inner(form.element), form.type, form.head)
    if isinstance(form, Instance):
        return Instance(form.cls, tuple((k, inner(v)) for k, v in form.fields))
    if isinstance(form, Handle):
        attrs = tuple((k, inner(v)) for k, v in form.attrs)
        return Handle(form.type, form.kind, form.parts, form.scope, form.base, attrs)
    if isinstance(form, Function):
        receiver = None if form.receiver is None else inner(form.receiver)
        env = tuple((k, inner(v)) for k, v in form.env)
        return Function(form.path, form.qualname, form.code, form.owner, receiver, env, form.raw)
    if isinstance(form, Partial):
        return Partial(inner(form.func), tuple(map(inner, form.args)), tuple((k, inner(v)) for k, v in form.keywords))
    if isinstance(form, Manager):
        return Manager(_mapped(form.call, inner))  # type: ignore[arg-type]
    if isinstance(form, Method):
        return Method(inner(form.receiver), form.name)
    if isinstance(form, Super):
        return Super(inner(form.instance), form.owner)
    assert isinstance(form, Either)
    return Either(tuple(inner(v) for v in form.values), form.facts)
