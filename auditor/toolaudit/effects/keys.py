"""Keys: the text that names a resource, as parts. How values become parts, and how locations become resources."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice, product

from msgspec.structs import replace

from toolaudit.effects.values import Either, Foreign, Handle, Instance, Loc, Many, Scalar, Step, Text, Value, in_common, tidy
from toolaudit.model import KeyPart, Kind, Resource

Parts = tuple[KeyPart, ...]
ANY = KeyPart("any", "*")
MAX_COMBINATIONS = 4
OPEN, CLOSE = KeyPart("literal", "["), KeyPart("literal", "]")
_UP = re.compile(r"(?:^(?!\.\./)[^/]+/\.\.(?:/|$))|(?:/(?!\.\./)[^/]+/\.\.(?=/|$))")


def literal(text: str) -> Parts:
    return (KeyPart("literal", text),) if text else ()


def scope_text(parts: Iterable[KeyPart]) -> str:
    """Parts as the text of a scope."""
    return "".join(part.text if part.kind == "literal" else f"{{{part.kind}:{part.text}}}" for part in parts)


def unknown(why: str) -> Parts:
    return (KeyPart("unknown", why),)


def parts_of(value: Value) -> Parts:
    """A value as parts of a key."""
    form = value.form
    if isinstance(form, Scalar):
        return literal("" if form.value is None else str(form.value))
    if isinstance(form, Text):
        return form.parts
    if isinstance(form, Handle) and form.parts:
        return form.parts
    if isinstance(form, Either):
        return _best([parts_of(part) for part in form.values])
    if isinstance(form, Many) and form.items is not None and form.kind == "tuple":
        return join([parts_of(item) for item in form.items], ",")
    if value.loc is not None:
        return loc_parts(value.loc)
    if isinstance(form, Instance):
        return unknown("an object")
    if isinstance(form, Foreign):
        return literal(form.name)
    return unknown("computed")


def choices(value: Value) -> tuple[Parts, ...]:
    """The keys that a value can be: two where it is either made anew in the call (`given or uuid4()`) or not."""
    if isinstance(value.form, Either):
        options = [parts_of(part) for part in value.form.values]
        new = [parts for parts in options if is_new(parts)]
        given = [parts for parts in options if parts and not is_new(parts)]
        if new and given:
            return _best(given), new[0]
    return (parts_of(value),)


def combinations(values: Iterable[Value]) -> list[tuple[Parts, ...]]:
    """The keys of several values side by side, one for each way to choose between those made anew and those given."""
    return list(islice(product(*(choices(value) for value in values)), MAX_COMBINATIONS))


def or_unknown(parts: Parts) -> Parts:
    """The parts where they say which one it is, or that it is new; else one that is not known."""
    return parts if parts and not any(part.kind in ("unknown", "any") for part in parts) else (KeyPart("unknown"),)


def is_new(parts: Parts) -> bool:
    return any(part.kind == "fresh" for part in parts)


def _best(options: list[Parts]) -> Parts:
    """Of several keys, the one that says most: with parameters, else what the known ones have in common, else the first."""
    for wanted in ("param", "self", "state"):
        for parts in options:
            if any(part.kind == wanted for part in parts) and not any(part.kind == "unknown" for part in parts):
                return parts
    known = [parts for parts in options if parts and all(part.kind != "unknown" for part in parts)]
    wide = next((parts for parts in options if len(parts) > 1 and parts[0].kind == "literal" and parts not in known), ())
    texts = ["".join(part.text for part in parts) for parts in known if all(part.kind == "literal" for part in parts)]
    if wide and texts and len(texts) == len(known) and all(one.startswith(wide[0].text) for one in texts):
        return wide  # `d1`, else `d` and a number
    if len(known) > 1 and all(part.kind == "literal" for parts in known for part in parts):
        return in_common(["".join(part.text for part in parts) for parts in known])
    return known[0] if known else next((parts for parts in options if parts), ())


def join(pieces: list[Parts], between: str) -> Parts:
    out: list[KeyPart] = []
    for index, piece in enumerate(pieces):
        if index and between:
            out.append(KeyPart("literal", between))
        out += piece
    return tidy(out)


def derived(values: list[Value]) -> Parts:
    """What a pure computation of these values is named by: their symbolic parts."""
    out: list[KeyPart] = []
    for value in values:
        for part in parts_of(value):
            if part.kind in ("param", "self", "state", "env", "cell", "global", "fresh") and part not in out:
                out.append(part)
    return tuple(out[:4])


def join_path(pieces: list[Parts]) -> Parts:
    """Paths joined by `/`; an absolute later piece starts anew, as `os.path.join` does."""
    out: list[KeyPart] = []
    for piece in pieces:
        if not piece:
            continue
        if piece[0].kind == "literal" and piece[0].text.startswith("/"):
            out = list(piece)
            continue
        if out and not (out[-1].kind == "literal" and out[-1].text.endswith("/")):
            out.append(KeyPart("literal", "/"))
        out += piece
    return normal_path(tidy(out))


def normal_path(parts: Parts) -> Parts:
    """`a/b/..` is `a`, `./a` is `a`, no trailing slash. Above a symbolic part `..` stays."""
    out: list[KeyPart] = []
    for index, part in enumerate(parts):
        if part.kind != "literal":
            out.append(part)
            continue
        words = part.text.replace("//", "/").replace("/./", "/")
        while _UP.search(words):
            words = _UP.sub("", words, count=1)
        if index == 0 and words.startswith("./") and len(words) > 2:
            words = words[2:]
        if index == len(parts) - 1 and len(words) > 1:
            words = words.rstrip("/")
        if words or part.text == "":
            out.append(KeyPart("literal", words))
    return tidy(out)


def kept_at(form: Handle, loc: Loc) -> Handle:
    """A process that was started is one among many until it is kept where calls outlive: then it is the one of that place."""
    started = form.parts == (KeyPart("fresh", "id"),)
    return replace(form, parts=loc_parts(loc)) if started and loc.root in ("self", "global", "cell", "state") else form


def loc_parts(loc: Loc) -> Parts:
    """A location as the key of a memory resource."""
    out: list[KeyPart] = []
    path = list(loc.path)
    if loc.root == "self":
        out.append(KeyPart("self", str(path.pop(0)) if path and isinstance(path[0], str) else ""))
    elif loc.root == "global":
        out.append(KeyPart("global", loc.name))
    elif loc.root == "cell":
        out.append(KeyPart("cell", loc.name))
    elif loc.root == "state":
        step = path.pop(0) if path else ""
        out.append(KeyPart("state", step if isinstance(step, str) else "".join(part.text for part in step)))
    else:
        while path and isinstance(path[0], str):
            loc = Loc(loc.root, f"{loc.name}.{path.pop(0)}", loc.scope)
        out.append(KeyPart("param", loc.name))
    for step in path:
        if isinstance(step, str):
            out += literal("." + step)
        else:
            out += (OPEN, *step, CLOSE)
    return tidy(out)


def loc_resource(loc: Loc) -> Resource:
    kind: Kind = "memory"
    return Resource(kind, loc_parts(loc), loc.scope)


def step_text(step: Step) -> str:
    return step if isinstance(step, str) else "".join(part.text for part in step)
