"""Catalogue templates filled from a call: keys, values, handles. FORMAT.md says what the holes mean."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct

from toolaudit.effects.keys import ANY, Parts, derived, join, join_path, literal, parts_of
from toolaudit.effects.values import Class, Either, Foreign, Handle, Instance, Many, Scalar, Text, Value, alternatives, tidy
from toolaudit.model import KeyPart

_HOLE = re.compile(r"\{([^{}]*)\}")
MAX_KEYS = 6


class Bound(Struct, frozen=True):
    """A call's arguments by the names of the catalogue's entry."""

    named: Mapping[str, Value]
    positional: tuple[Value, ...]
    receiver: Value | None = None

    def find(self, hole: str) -> Value | None:
        if hole == "self":
            return self.receiver
        if hole.startswith("self."):
            form = self.receiver.form if self.receiver else None
            return form.attr(hole[5:]) if isinstance(form, Handle) else form.field(hole[5:]) if isinstance(form, Instance) else None
        if hole.isdigit():
            return self.positional[int(hole)] if int(hole) < len(self.positional) else None
        return self.named.get(hole)


def bind(params: tuple[str, ...], args: tuple[Value, ...], keywords: tuple[tuple[str, Value], ...], receiver: Value | None) -> Bound:
    """Positional arguments to names; names after `*` are keyword-only."""
    names: list[str] = []
    for name in params:
        if name == "*":
            break
        if name != "/":
            names.append(name)
    named = dict(zip(names, args, strict=False))
    named.update(keywords)
    positional = args
    if len(args) < len(names):
        more = [named[name] for name in names[len(args) :] if name in named]
        positional = (*args, *more)
    elif not names and not args:
        positional = tuple(value for _, value in keywords)
    return Bound(named, positional, receiver)


def fill(template: str, bound: Bound, path: bool = False) -> list[Parts]:
    """The keys that a template gives: several when an argument is one of several values."""
    holes = _HOLE.findall(template)
    choices: list[Bound] = [bound]
    for hole in holes:
        if "*" in hole:
            choices = [option for choice in choices for option in _each(choice, hole)][:MAX_KEYS]
            continue
        value = bound.find(hole.partition("|")[0])
        if value is not None and isinstance(value.form, Either) and len(choices) == 1:
            choices = [_chosen(bound, hole.partition("|")[0], option) for option in alternatives(value)[:MAX_KEYS]]
    out: list[Parts] = []
    for choice in choices:
        parts = _fill(template, choice, path)
        if parts not in out:
            out.append(parts)
    known = [parts for parts in out if not any(part.kind == "unknown" for part in parts)]
    return known or out[:1]


CLOCK, TODAY = KeyPart("fresh", "clock"), KeyPart("state", "today")
BUFFERS = frozenset({"io.Buffer", "io.BytesIO", "io.StringIO"})
_ONE_HOLE = re.compile(r"^\{([^{}|:*]*)(?:\|[^{}]*)?\}$")


def in_memory(template: str, bound: Bound) -> bool:
    """Whether what a template names as a file is a buffer in memory: `ZipFile(BytesIO(data))`."""
    hole = _ONE_HOLE.match(template)
    value = bound.find(hole.group(1)) if hole is not None else None
    return value is not None and all(isinstance(way.form, Handle) and way.form.type in BUFFERS for way in alternatives(value))


def _each(bound: Bound, hole: str) -> list[Bound]:
    """Of several arguments joined to one key, the first that is one of several values, taken one by one."""
    start = hole.partition("*")[0]
    for index in range(int(start) if start.isdigit() else 0, len(bound.positional)):
        if isinstance(bound.positional[index].form, Either):
            return [_chosen(bound, str(index), option) for option in alternatives(bound.positional[index])]
    return [bound]


def _chosen(bound: Bound, hole: str, option: Value) -> Bound:
    if hole == "self":
        return Bound(bound.named, bound.positional, option)
    if hole.isdigit():
        index = int(hole)
        return Bound(bound.named, (*bound.positional[:index], option, *bound.positional[index + 1 :]), bound.receiver)
    return Bound({**bound.named, hole: option}, bound.positional, bound.receiver)


def _fill(template: str, bound: Bound, path: bool) -> Parts:
    if template == "*":
        return (ANY,)
    if template.startswith("fresh:"):
        return (KeyPart("fresh", template[6:]),)
    if template.startswith("state:"):
        return (KeyPart("state", template[6:]),)
    if template.startswith("env:"):
        return (KeyPart("env", "".join(part.text for part in _fill(template[4:], bound, False))),)
    pieces: list[Parts] = []
    at = 0
    for hole in _HOLE.finditer(template):
        pieces.append(_text(template[at : hole.start()]))
        pieces.append(_hole(hole.group(1), bound))
        at = hole.end()
    pieces.append(_text(template[at:]))
    if path:
        return _as_path(pieces)
    return tidy(part for piece in pieces for part in piece)


def _text(words: str) -> Parts:
    """Literal text of a template; `*` stands for anything."""
    out: list[KeyPart] = []
    for index, word in enumerate(re.split(r"\*+", words)):
        if index:
            out.append(ANY)
        out += literal(word)
    return tuple(out)


def _as_path(pieces: list[Parts]) -> Parts:
    """`{self}/{key}` where `key` is absolute is `key`."""
    flat = tidy(part for piece in pieces for part in piece)
    for index, piece in enumerate(pieces):
        before = pieces[index - 1] if index else ()
        if index and before and before[-1].text.endswith("/") and piece and piece[0].kind == "literal" and piece[0].text.startswith("/"):
            flat = tidy(part for later in pieces[index:] for part in later)
    return join_path([flat])


def _hole(hole: str, bound: Bound) -> Parts:
    name, _, default = hole.partition("|")
    if "*" in name:
        return _joined(name, bound)
    if name == "cwd":
        return (KeyPart("cwd", ""),)
    if name.startswith("name:"):
        return _last_name(bound.find(name[5:]))
    if name.startswith("day:"):
        return tuple(TODAY if part == CLOCK else part for part in _hole(name[4:], bound))
    if name.startswith("json:"):
        return _json(bound.find(name[5:]))
    if name.startswith("class:"):
        mapped = bound.named.get(name)
        return _class_of(bound.find(name[6:])) if mapped is None else parts_of(mapped)
    value = bound.find(name)
    if value is None or (isinstance(value.form, Scalar) and value.form.value is None and default):
        return literal(default) if default else ((ANY,) if value is None and name == "self" else ())
    return parts_of(value)


def _last_name(value: Value | None) -> Parts:
    """What follows the last `/` of a path; of a path of which no `/` is known, what it is made of."""
    parts = parts_of(value) if value is not None else ()
    for index in range(len(parts) - 1, -1, -1):
        if parts[index].kind == "literal" and "/" in parts[index].text:
            return tidy((*literal(parts[index].text.rpartition("/")[2]), *parts[index + 1 :]))
    return derived([value]) if value is not None and any(part.kind != "literal" for part in parts) else parts


def _joined(name: str, bound: Bound) -> Parts:
    start, _, between = name.partition("*")
    values = bound.positional[int(start) if start.isdigit() else 0 :]
    pieces = [parts_of(value) for value in values]
    return join_path(pieces) if between == ":/" else join(pieces, between.removeprefix(":"))


PROCEDURES = ("method", "action", "command", "procedure", "cmd", "type", "op", "operation")
"""Where a message says what it asks for."""


def _json(value: Value | None) -> Parts:
    """The text of a dict in which a procedure is named; what the other entries hold does not matter."""
    form = value.form if value is not None else None
    entries = form.entries or () if isinstance(form, Many) and form.kind == "dict" else ()
    said = [(key.form.value, held) for key, held in entries if isinstance(key.form, Scalar)]
    named = [(name, held) for name, held in said if name in PROCEDURES and isinstance(held.form, Scalar | Text)]
    if not named or not parts_of(named[0][1]):
        return ()
    name, held = min(named, key=lambda one: PROCEDURES.index(str(one[0])))
    return tidy((*literal(f'{{"{name}": "'), *parts_of(held), *literal('"'), ANY))


def _class_of(value: Value | None) -> Parts:
    form = value.form if value is not None else None
    if isinstance(form, Either):
        form = form.values[0].form
    if isinstance(form, Instance):
        return literal(form.cls.qualname.rsplit(".", 1)[-1])
    if isinstance(form, Class):
        return literal(form.ref.qualname.rsplit(".", 1)[-1])
    if isinstance(form, Foreign):
        return literal(form.name.rsplit(".", 1)[-1])
    if isinstance(form, Handle) and form.kind == "sql" and form.parts:
        return form.parts  # a row: what it was read from
    return literal(form.type.rsplit(".", 1)[-1]) if isinstance(form, Handle) else (ANY,)
