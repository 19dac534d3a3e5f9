"""Tools that are handler objects: a class that makes its own declaration and has the method that the dispatcher calls with the arguments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from toolaudit.facts import Attr
from toolaudit.frameworks.bodies import Bodies
from toolaudit.frameworks.callables import FunctionRef
from toolaudit.frameworks.discover_dispatch import DISPATCH
from toolaudit.frameworks.drafts import Draft, SchemaText, from_ref
from toolaudit.frameworks.nodes import body_calls
from toolaudit.frameworks.sites import Site, handed_whole, receiving


def handlers(bodies: Bodies, sites: Sequence[Site], declared: Mapping[str, Sequence[SchemaText]]) -> Iterator[Draft]:
    """For each dispatcher that a framework calls: `handler.run(arguments)` makes `run` of every class with one declaration of its own a tool."""
    several = Counter((schema.scope.path, schema.scope.owner) for listed in declared.values() for schema in listed)
    for site in sites:
        if not site.certain:
            continue
        for method, position in _methods(site).items():
            for name, listed in declared.items():
                for schema in listed:
                    if several[schema.scope.path, schema.scope.owner] == 1:
                        yield from _handler(bodies, site, (method, position), name, schema)


def _methods(site: Site) -> dict[str, int | str | None]:
    """Methods that get the arguments as a whole, with the place where they get them."""
    found: dict[str, int | str | None] = {}
    for call in body_calls(site.facts.body):
        if isinstance(call.func, Attr):
            position, spread = handed_whole(site, call)
            if position is not None or spread:
                found.setdefault(call.func.attr, position)
    return found


def _handler(bodies: Bodies, site: Site, call: tuple[str, int | str | None], name: str, schema: SchemaText) -> Iterator[Draft]:
    owner, path = schema.scope.owner, schema.scope.path
    method, position = call
    head = bodies.names.head(path, f"{owner}.{method}") if owner else None
    if head is not None and (path, head.qualname) != (site.path, site.facts.qualname):
        ref = FunctionRef("function", path, head.qualname, head.line, owner, path, "shared")
        held = receiving(site.scope, ref, position)
        yield from_ref(site.framework, DISPATCH, "dispatch", ref, name=name, schema=schema, arguments_in=held)
