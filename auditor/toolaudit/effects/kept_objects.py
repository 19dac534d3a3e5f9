"""Objects of libraries that only compute: harmless, save that one which outlives the call is state like any container."""

from __future__ import annotations

import re

from toolaudit.effects import guesses
from toolaudit.effects.frame import Frame
from toolaudit.effects.values import Form, Handle, Instance

CHANGES = re.compile(
    r"(?:add|remove|clear|insert|append|pop|extend|set|discard|delete|del|push|put|update|fit|partial_fit|reset|move|merge|sort|reverse|setdefault|popitem)"
    r"(?:_|$)"
)
"""Names under which an object in memory is changed."""


def harmless(frame: Frame, type_name: str, method: str = "") -> bool:
    """What is not listed of this type does nothing: the type's own default, else its library's. Of a library that is told by its verbs, what
    is called as if it changed something may."""
    default = unlisted_default(frame, type_name)
    return default in ("pure", "telemetry") or (default == "by-verb" and not guesses.changes(method))


def unlisted_default(frame: Frame, type_name: str) -> str:
    """What an unlisted method of a type does: the type's own default, else its library's."""
    owner = type_name
    while (kind := frame.world.catalogue.type(owner)) is None and "." in owner:
        owner = owner.rpartition(".")[0]
    library = frame.world.catalogue.library(type_name)
    return (kind.default if kind else "") or (library.default if library else "unknown")


def computes(frame: Frame, form: Handle) -> bool:
    """An object of a class that the catalogue does not list, of a library that touches nothing but its arguments."""
    named = form.type.rsplit(".", 1)[-1][:1].isupper() and "." in form.type
    return named and form.kind in ("", "memory") and frame.world.catalogue.type(form.type) is None and harmless(frame, form.type)


def holds_members(frame: Frame, form: Form) -> bool:
    """A container that is no plain list, dict or set: of the standard library, or of a class of the project that is one."""
    if isinstance(form, Handle):
        return form.kind in ("", "memory") and _iterates(frame, form.type)
    return isinstance(form, Instance) and any(_iterates(frame, base) for base in frame.world.resolver.foreign_bases(form.cls))


def _iterates(frame: Frame, type_name: str) -> bool:
    api = frame.world.catalogue.method(type_name, "__iter__")
    return api is not None and api.origin != "default" and bool(api.effects)
