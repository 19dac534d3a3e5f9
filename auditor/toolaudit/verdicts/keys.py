"""When two resources are the same one: never, when some parameters are equal, always, or maybe.

The first call of a pair is `a`, the second `b`; a condition reads `a.path == b.path`. A key denotes a place. Parts that are constant for
the life of the process (`self`, `global`, `cell`, `state`, `env`, `cwd`) are equal when they carry the same name.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

from msgspec import Struct

from toolaudit.model import KeyPart, Resource

Relation = Literal["never", "when", "always", "may"]
Parts = tuple[KeyPart, ...]

PATH_KINDS = frozenset({"file", "dir"})
# Kinds whose key names an object inside this process: two names are two objects, and another owner is another object.
IN_PROCESS = frozenset({"memory", "session", "env", "cwd", "browser"})
# Kinds where a longer key is a part of the shorter one: an item of a container, a row of a table, a field of a hash.
NESTED = frozenset({"memory", "session", "sql", "redis", "aws", "k8s", "docker", "git", "browser", "other"})
SEPARATORS = "/:.[?#"
CONSTANT = frozenset({"self", "global", "cell", "state", "env", "cwd"})
ANY = KeyPart("any")


class Overlap(Struct, frozen=True):
    """How two keys alias; `conditions` all hold when the relation is `when` (and limit a `may`)."""

    relation: Relation
    conditions: tuple[str, ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()
    """The parameters of `a` and `b` that are equal in each condition of the form `a.x == b.y`."""

    @property
    def when(self) -> str:
        """As the documents say it: `always`, `may` or the condition."""
        if self.relation == "when":
            return " and ".join(self.conditions)
        return self.relation


NEVER = Overlap("never")
ALWAYS = Overlap("always")
MAY = Overlap("may")


@lru_cache(maxsize=64)
def family(kind: str) -> str:
    """Files and folders live in one tree; every other kind is its own."""
    return "file" if kind in PATH_KINDS else kind


@lru_cache(maxsize=8192)
def overlap(a: Resource, b: Resource, contents: bool = False) -> Overlap:
    """How resource `a` of the first call and `b` of the second alias.

    `contents` says that one of the two accesses reaches what lies below a folder (list, delete a tree), so that a folder and a file in it
    meet. Fresh keys meet nothing but a pattern over their container.
    """
    if family(a.kind) != family(b.kind) or not _same_owner(a, b):
        return NEVER
    left, right = _normal(a.key), _normal(b.key)
    if contents and {a.kind, b.kind} == PATH_KINDS:
        left, right = (_below(left), right) if a.kind == "dir" else (left, _below(right))
    found = _compare(left, right, family(a.kind), contents)
    if found.relation in {"always", "when"} and a.scope != b.scope and (a.scope and b.scope) and a.kind not in PATH_KINDS:
        return Overlap("may", found.conditions, found.pairs)
    return found


def _below(folder: Parts) -> Parts:
    """Everything in a folder."""
    return folder if folder[-1].kind == "any" else (*folder, KeyPart("literal", "/"), ANY)


def _same_owner(a: Resource, b: Resource) -> bool:
    return a.scope == b.scope or a.kind not in IN_PROCESS or not (a.scope and b.scope)


def _normal(key: Parts) -> Parts:
    """Adjacent literals joined, empty ones dropped; no key at all is everything of the kind."""
    out: list[KeyPart] = []
    for part in key:
        if part.kind == "literal":
            if not part.text:
                continue
            if out and out[-1].kind == "literal":
                out[-1] = KeyPart("literal", out[-1].text + part.text)
                continue
        out.append(part)
    return tuple(out) or (ANY,)


def _compare(a: Parts, b: Parts, kind: str, contents: bool) -> Overlap:
    if a == b:
        return _same_template(a)
    if _has(a, "any") or _has(b, "any"):
        return _pattern(a, b, kind)
    if kind in IN_PROCESS and a[0] != b[0] and a[0].kind in CONSTANT and b[0].kind in CONSTANT:
        return NEVER  # before equal ends are taken off: an item of another object may be named like this one
    a, b, conditions, pairs = _peel(a, b, kind in NESTED or kind == "http")
    if _apart(a, b):
        return NEVER
    if _has(a, "fresh") or _has(b, "fresh"):
        # A fresh item still lies in its container.
        return _finish(ALWAYS, conditions, pairs) if (not a or not b) and kind in NESTED else NEVER
    if not a and not b:
        return _finish(ALWAYS, conditions, pairs)
    if not a or not b:
        end = _contained(a or b, kind, contents)
        return _finish(ALWAYS if end == MAY and kind == "http" and pairs else end, conditions, pairs)  # what belongs to the same thing
    return _finish(_residual(a, b, kind, contents), conditions, pairs)


def _same_template(parts: Parts) -> Overlap:
    if _has(parts, "fresh"):
        return NEVER
    names = tuple(dict.fromkeys(p.text for p in parts if p.kind == "param"))
    conditions = tuple(f"a.{n} == b.{n}" for n in names)
    pairs = tuple((n, n) for n in names)
    if _has(parts, "unknown"):
        return Overlap("may", conditions, pairs)
    return Overlap("when", conditions, pairs) if names else ALWAYS


def _has(parts: Parts, kind: str) -> bool:
    return any(p.kind == kind for p in parts)


def _finish(end: Overlap, conditions: tuple[str, ...], pairs: tuple[tuple[str, str], ...]) -> Overlap:
    """Join what was found in the peeled ends with the verdict on the middle."""
    if end.relation == "never":
        return NEVER
    every = tuple(dict.fromkeys(conditions + end.conditions))
    both = tuple(dict.fromkeys(pairs + end.pairs))
    if end.relation == "may":
        return Overlap("may", every, both)
    return Overlap("when", every, both) if every else ALWAYS


def _peel(a: Parts, b: Parts, nested: bool) -> tuple[Parts, Parts, tuple[str, ...], tuple[tuple[str, str], ...]]:
    """Take equal ends off both keys; parameters that stand opposite each other become conditions."""
    left, right = list(a), list(b)
    pairs: list[tuple[str, str]] = []
    _peel_front(left, right, pairs, nested=nested)
    left.reverse()
    right.reverse()
    _peel_front(left, right, pairs, backwards=True)
    left.reverse()
    right.reverse()
    conditions = tuple(dict.fromkeys(f"a.{x} == b.{y}" for x, y in pairs))
    return tuple(left), tuple(right), conditions, tuple(dict.fromkeys(pairs))


def _peel_front(
    left: list[KeyPart], right: list[KeyPart], pairs: list[tuple[str, str]], *, backwards: bool = False, nested: bool = False
) -> None:
    while left and right:
        x, y = left[0], right[0]
        if x.kind == "literal" and y.kind == "literal":
            common = _common(x.text, y.text, backwards)
            if not common:
                return
            _cut(left, common, backwards)
            _cut(right, common, backwards)
            if left and right and left[0].kind == "literal" and right[0].kind == "literal":
                return
        elif x.kind == "param" and y.kind == "param" and _parallel(left, right, backwards, nested):
            pairs.append((x.text, y.text))
            del left[0], right[0]
        elif x == y and x.kind in CONSTANT:
            del left[0], right[0]
        else:
            return


def _parallel(left: list[KeyPart], right: list[KeyPart], backwards: bool, nested: bool) -> bool:
    """Whether what follows two opposite parameters starts alike, so that the parameters must be equal."""
    if len(left) == 1 or len(right) == 1:
        return len(left) == len(right) or (nested and _nested_tail(left, right))
    x, y = left[1], right[1]
    if x.kind == "literal" and y.kind == "literal":
        return bool(_common(x.text, y.text, backwards))
    return x.kind == y.kind and (x.kind == "param" or x.text == y.text)


def _nested_tail(left: list[KeyPart], right: list[KeyPart]) -> bool:
    """`{name}` beside `{name}{field}`: the longer key is an item of the shorter."""
    rest = (left if len(left) > 1 else right)[1]
    return rest.kind != "literal" or rest.text[0] in "/["


def _common(x: str, y: str, backwards: bool) -> str:
    n = 0
    limit = min(len(x), len(y))
    if backwards:
        while n < limit and x[-1 - n] == y[-1 - n]:
            n += 1
        return x[len(x) - n :]
    while n < limit and x[n] == y[n]:
        n += 1
    return x[:n]


def _cut(parts: list[KeyPart], common: str, backwards: bool) -> None:
    text = parts[0].text
    rest = text[: len(text) - len(common)] if backwards else text[len(common) :]
    if rest:
        parts[0] = KeyPart("literal", rest)
    else:
        del parts[0]


def _apart(a: Parts, b: Parts) -> bool:
    """Both sides begin (or end) with literal text that differs."""
    return bool(a and b) and any(a[i].kind == "literal" and b[i].kind == "literal" for i in (0, -1))


def _contained(rest: Parts, kind: str, contents: bool) -> Overlap:
    """One key is used up: is the other something inside it?"""
    head = rest[0]
    separated = head.kind != "literal" or head.text[0] in SEPARATORS
    if kind == "file":  # below a folder, not merely a longer name: `notes.json.new` does not lie in `notes.json`
        return ALWAYS if contents and (head.kind != "literal" or head.text[0] == "/") else NEVER
    if kind == "http":
        return MAY if separated else NEVER
    if kind in NESTED and (separated or head.text[0] == " "):
        return MAY if _has(rest, "unknown") else ALWAYS
    return NEVER


def _residual(a: Parts, b: Parts, kind: str, contents: bool) -> Overlap:
    """Neither key is used up and their ends do not match."""
    if kind in IN_PROCESS and a[0].kind in CONSTANT and b[0].kind in CONSTANT:
        return NEVER
    if _has(a, "unknown") or _has(b, "unknown"):
        return MAY
    if kind == "file" and (_sidecar(a, b) or _sidecar(b, a)):
        return NEVER
    free_a, free_b = _has(a, "param"), _has(b, "param")
    if kind == "file" and contents and free_a and free_b:
        return Overlap("when", (f"one of {show(a, 'a.')} and {show(b, 'b.')} lies in the other",))
    if (len(a) == 1 and free_a) or (len(b) == 1 and free_b):
        return Overlap("when", (f"{show(a, 'a.')} == {show(b, 'b.')}",))
    if free_a or free_b:
        return Overlap("may", (f"{show(a, 'a.')} == {show(b, 'b.')}",))
    return MAY


def _sidecar(a: Parts, b: Parts) -> bool:
    """`{path}.bak` beside `{path}`: a file made next to another, met only by someone who names it on purpose."""
    return (
        len(a) == 1 and a[0].kind == "param" and len(b) == 2 and b[0].kind == "param" and b[1].kind == "literal" and b[1].text[0] in "._-~"
    )


def _pattern(a: Parts, b: Parts, kind: str) -> Overlap:
    """At least one key ends in `*`: does its fixed beginning fit the other's?"""
    fixed_a, fixed_b = _before_any(a), _before_any(b)
    if (not fixed_a and _has(a, "any")) or (not fixed_b and _has(b, "any")):
        return ALWAYS
    rest_a, rest_b, conditions, pairs = _peel_left(fixed_a, fixed_b)
    if rest_a and rest_b and rest_a[0].kind == "literal" and rest_b[0].kind == "literal":
        return NEVER
    if rest_a and rest_b and kind in IN_PROCESS and rest_a[0].kind in CONSTANT and rest_b[0].kind in CONSTANT:
        return NEVER
    if (not rest_a and _has(a, "any")) or (not rest_b and _has(b, "any")):
        inside = rest_a or rest_b
        beside = kind == "file" and bool(inside) and inside[0].kind == "literal" and not inside[0].text.startswith("/")
        return NEVER if beside else _finish(ALWAYS, conditions, pairs)
    if kind == "file" and (_one_level(rest_a, rest_b) or _one_level(rest_b, rest_a)):
        return NEVER
    if _has(rest_a, "unknown") or _has(rest_b, "unknown") or not (_has(rest_a, "param") or _has(rest_b, "param")):
        return NEVER if not rest_a or not rest_b else _finish(MAY, conditions, pairs)
    inner, outer = (show(fixed_b, "b."), show(fixed_a, "a.")) if _has(a, "any") else (show(fixed_a, "a."), show(fixed_b, "b."))
    return Overlap("when", (f"{inner} lies in {outer}",))


def _one_level(inside: Parts, name: Parts) -> bool:
    """A plain name directly in a folder beside what lies in another folder of it."""
    return (
        len(name) == 1
        and name[0].kind == "literal"
        and "/" not in name[0].text.strip("/")
        and len(inside) == 1
        and inside[0].kind == "unknown"
    )


def _before_any(parts: Parts) -> Parts:
    fixed: list[KeyPart] = []
    for part in parts:
        if part.kind == "any":
            break
        fixed.append(part)
    if len(fixed) < len(parts) and fixed and fixed[-1].kind == "literal":
        text = fixed[-1].text.rstrip("/")
        fixed[-1:] = [KeyPart("literal", text)] if text else []
    return tuple(fixed)


def _peel_left(a: Parts, b: Parts) -> tuple[Parts, Parts, tuple[str, ...], tuple[tuple[str, str], ...]]:
    left, right = list(a), list(b)
    pairs: list[tuple[str, str]] = []
    while left and right:
        x, y = left[0], right[0]
        if x.kind == "param" and y.kind == "param" and (len(left) > 1 or len(right) > 1) and _goes_on(left, right):
            pairs.append((x.text, y.text))
            del left[0], right[0]
        elif x.kind == y.kind == "literal":
            common = _common(x.text, y.text, False)
            if not common:
                break
            _cut(left, common, False)
            _cut(right, common, False)
            if left and right and left[0].kind == "literal" and right[0].kind == "literal":
                break
        elif x == y and x.kind in CONSTANT:
            del left[0], right[0]
        else:
            break
    return tuple(left), tuple(right), tuple(dict.fromkeys(f"a.{x} == b.{y}" for x, y in pairs)), tuple(pairs)


def _goes_on(left: list[KeyPart], right: list[KeyPart]) -> bool:
    """Both keys go on after the parameter, or the longer one goes on below it."""
    return (len(left) > 1 and len(right) > 1) or _nested_tail(left, right)


# --- text ------------------------------------------------------------------------------------------------------------


def show(parts: Parts, call: str = "") -> str:
    """The key as an expression over the parameters of a call: `a.path`, `"{a.base}/{a.name}.json"`, `"notes.json"`."""
    if len(parts) == 1 and parts[0].kind == "param":
        return call + parts[0].text
    return '"' + "".join(_hole(p, call) for p in parts) + '"'


def _hole(part: KeyPart, call: str) -> str:
    if part.kind == "literal":
        return part.text
    if part.kind == "param":
        return "{" + call + part.text + "}"
    if part.kind == "any":
        return "*"
    if part.kind == "unknown":
        return "{?}"
    if part.kind == "fresh":
        return "{new}"
    return "{" + (f"{part.kind}:{part.text}" if part.text else part.kind) + "}"


@lru_cache(maxsize=65536)
def key_text(resource: Resource) -> str:
    """The key as the documents write it: `notes.json`, `param:path`, `{base}/{name}.json`, `self:items`, `state:todos`, `*`, `unknown`."""
    parts = _normal(resource.key)
    if len(parts) == 1:
        return _alone(parts[0])
    if parts[0].kind in CONSTANT and resource.kind in IN_PROCESS:
        return _alone(parts[0]) + "".join(p.text if p.kind == "literal" else _hole(p, "") for p in parts[1:])
    return "".join(_hole(p, "") for p in parts)


def _alone(part: KeyPart) -> str:
    if part.kind == "literal":
        return part.text
    if part.kind == "any":
        return "*"
    if part.kind == "unknown":
        return f"unknown ({part.text})" if part.text else "unknown"
    if part.kind == "fresh":
        return f"new ({part.text})" if part.text else "new"
    if part.kind == "global":
        return part.text
    return f"{part.kind}:{part.text}" if part.text else part.kind


def resource_text(resource: Resource) -> str:
    """The resource by its one name, shared with the engine: `file:notes.json`, `memory:CACHE`, `memory:QUOTA[left]`."""
    return f"{resource.kind}:{key_text(resource)}"
