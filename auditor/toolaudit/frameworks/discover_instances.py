"""Tools that are instances of one class of the project, told apart by what their constructor gets: `Action(name="x", mode="y")`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from msgspec.structs import replace

from toolaudit.facts import Attr, Call, Comprehension, Name
from toolaudit.frameworks.bodies import MODULE, Bodies
from toolaudit.frameworks.callables import comprehended
from toolaudit.frameworks.drafts import Draft
from toolaudit.frameworks.names import last_part
from toolaudit.frameworks.nodes import body_expressions, expressions, functions
from toolaudit.frameworks.scope import Scope
from toolaudit.frameworks.substitute import substitute
from toolaudit.frameworks.texts import text_of
from toolaudit.model import Fact, Given

Key = tuple[str, str]


def instances(bodies: Bodies, unnamed: Mapping[Key, Draft], paths: Sequence[str]) -> Iterator[tuple[Key, Draft]]:
    """For each construction of a class of `unnamed` (file and qualname → draft) with a constant name, a tool of that name."""
    if not unnamed:
        return
    words = "|".join(sorted({re.escape(qualname.rsplit(".", 1)[-1]) for _, qualname in unnamed}))
    pattern = re.compile(rf"\b(?:{words})\(")
    for path in paths:
        lines = [line for line, _ in bodies.hits(path, pattern)]
        index = bodies.project.index(path) if lines else None
        if index is None:
            continue
        for scope, call in _constructions(bodies, path, bodies.holders(index, lines)):
            yield from _named(unnamed, scope, call)


def _constructions(bodies: Bodies, path: str, holders: Sequence[str]) -> Iterator[tuple[Scope, Call]]:
    index = bodies.project.index(path)
    if MODULE not in holders:
        for assign in index.assigns if index is not None else ():
            for expr in expressions(assign.value) if assign.value is not None else ():
                if isinstance(expr, Call):
                    yield bodies.scope(path), expr
    for qualname in holders:
        facts = bodies.project.facts(path, qualname)
        for one in functions(facts) if facts is not None else ():
            scope = bodies.scope(path, one.qualname)
            for expr in body_expressions(one.body):
                if isinstance(expr, Call):
                    yield scope, expr
                elif isinstance(expr, Comprehension) and isinstance(expr.element, Call):
                    for where, made in comprehended(scope, expr):
                        if isinstance(made, Call):
                            yield where, made


def _named(unnamed: Mapping[Key, Draft], scope: Scope, call: Call) -> Iterator[tuple[Key, Draft]]:
    if not any(qualname.rsplit(".", 1)[-1] == last_part(call.func) for _, qualname in unnamed):
        return
    for target in scope.resolve(call.func):
        key = (target.path, target.qualname)
        given = {keyword.name: text_of(scope, substitute(keyword.value, {})) for keyword in call.keywords if keyword.name}
        if key in unnamed and given.get("name"):
            facts = tuple(
                Fact(f"self.{name}", text) for name, text in sorted(given.items()) if text and name not in {"name", "description"}
            )
            draft = unnamed[key]
            made = (*draft.given, *_classes(scope, call, f"{draft.file}::{draft.function}"))
            yield key, replace(draft, name=given["name"] or "", call=call, scope=scope, when=facts, given=made)


def _classes(scope: Scope, call: Call, place: str) -> Iterator[Given]:
    """Classes of the project that the object is given, which its methods may tell it by: `args_schema=GetPage`."""
    for keyword in call.keywords:
        value = substitute(keyword.value, {}) if keyword.name else None
        for target in scope.resolve(value) if isinstance(value, Name | Attr) else ():
            if target.kind == "class" and target.path:
                yield Given(place, f"self.{keyword.name}", code=f"{target.path}::{target.qualname}")
