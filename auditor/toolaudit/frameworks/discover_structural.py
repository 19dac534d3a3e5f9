"""Tools by their shape: classes below nobody's tool that have what a tool has, as a protocol of the project asks or as a model is told."""

from __future__ import annotations

import re
from collections.abc import Iterator

from toolaudit.facts import ClassHead, Const, FunctionHead, Mapping, Name
from toolaudit.frameworks.bodies import Bodies
from toolaudit.frameworks.callables import FunctionRef, elements, functions_of
from toolaudit.frameworks.discover_classes import draft_of
from toolaudit.frameworks.drafts import Draft, from_ref
from toolaudit.frameworks.finish import field_text
from toolaudit.frameworks.known import Known, Rule
from toolaudit.frameworks.names import Target, last_part
from toolaudit.frameworks.scope import Scope
from toolaudit.frameworks.texts import mapping_value
from toolaudit.frameworks.types import assigned_attribute, returns

_PROTOCOL = re.compile(r"^[ \t]*class (\w*Tool\w*)\([^)\n]*\bProtocol\b", re.MULTILINE)
_SCHEMAS = ("parameters", "input_schema", "inputSchema", "schema", "parameters_schema", "args_schema")
_MAKES = ("__init__", "__post_init__")


def structural(bodies: Bodies, known: Known, path: str) -> Iterator[Draft]:
    """Classes of a file that say a name and a description and have an entry method, and that a protocol or a schema makes tools."""
    index = bodies.project.index(path)
    rule = next((one for one in known.of("base-class") if one.framework.name == "bare" and one.declare.own), None)
    if index is None or rule is None:
        return
    for head in index.classes:
        if "description" not in bodies.names.between(path, head.line, head.end):
            continue  # most classes: what is said of them is not looked up
        target = Target("class", (f"{index.module}.{head.qualname}",), path, head.qualname)
        if _is_told(bodies, known, target) or not _says(bodies, target, head):
            continue
        if _fits_protocol(bodies, target) or _has_schema(bodies, target):
            draft = draft_of(bodies, rule, target, head)
            if draft is not None:
                yield draft


def _is_told(bodies: Bodies, known: Known, target: Target) -> bool:
    """A base says what the class is: a framework's, of whatever kind, or one that is not in sight and may register it."""
    bases = bodies.names.ancestors(target)
    return any(_counts(rule, one) for one in bases for rule in known.bases.find(one.names)) or any(
        last_part_of(one) in {"Protocol", "TypedDict", "NamedTuple", "Enum"} for one in bases
    )


def _counts(rule: Rule, base: Target) -> bool:
    return bool(base.path) or not rule.declare.own


def last_part_of(target: Target) -> str:
    return target.names[-1].rsplit(".", 1)[-1]


def _says(bodies: Bodies, target: Target, head: ClassHead) -> bool:
    return bool(field_text(bodies, bodies.scope(target.path), head, "name")) and _holds(bodies, target, "description")


def _holds(bodies: Bodies, target: Target, field: str) -> bool:
    """Whatever the text is made of."""
    members = bodies.names.class_member(target, field)
    return any(one.kind == "function" or (one.value is not None and one.value.value is not None) for one in members) or any(
        True for scope in _making(bodies, target) for _ in assigned_attribute(scope, field)
    )


def _making(bodies: Bodies, target: Target) -> Iterator[Scope]:
    for method in _MAKES:
        if bodies.names.head(target.path, f"{target.qualname}.{method}") is not None:
            yield bodies.scope(target.path, f"{target.qualname}.{method}")


def _fits_protocol(bodies: Bodies, target: Target) -> bool:
    """It has every member of a protocol of the project that is called after tools."""
    return any(
        members and all(bodies.names.class_member(target, member) for member in members)
        for path in bodies.project.mentioning("Protocol")
        for members in _protocols(bodies, path)
    )


def _protocols(bodies: Bodies, path: str) -> Iterator[list[str]]:
    """The members of a file's protocols for tools; those without methods only carry what is said of one."""
    index = bodies.project.index(path)
    found = {match[1] for _, match in bodies.hits(path, _PROTOCOL)}
    for head in index.classes if index is not None and found else ():
        if index is not None and head.name in found and any(last_part(base) == "Protocol" for base in head.bases):
            methods = [one.name for one in index.functions if one.owner == head.qualname]
            if methods:
                yield [*(field.name for field in head.fields), *methods]


def _has_schema(bodies: Bodies, target: Target) -> bool:
    """A JSON Schema of an object in one of the fields that hold a tool's parameters."""
    for name in _SCHEMAS:
        for member in bodies.names.class_member(target, name):
            if member.value is not None and _is_object(member.value.value):
                return True
        if any(_is_object(value) for scope in _making(bodies, target) for value in assigned_attribute(scope, name)):
            return True
    return False


def _is_object(value: object) -> bool:
    return isinstance(value, Mapping) and mapping_value(value, "type") == Const("object") and mapping_value(value, "properties") is not None


_KIT = re.compile(r"(^|_)(tools|toolset|toolkit)(_|$)")


def kits(bodies: Bodies, known: Known, path: str) -> Iterator[Draft]:
    """Functions called after tools that hand back a list of functions defined inside them, to be given to agents: `return [search, save]`.

    Each has a docstring, which the model reads, and no decorator that would say more.
    """
    index = bodies.project.index(path)
    rule = next((one for one in known.of("registry") if one.declare.lists), None)
    functions = index.functions if index is not None else ()
    for head in functions:
        if rule is not None and _KIT.search(head.name) and any(one.nested_in == head.qualname for one in functions):
            for ref in _handed_back(bodies, path, head):
                yield from_ref(rule.framework, rule.declare, "callable", ref)


def _handed_back(bodies: Bodies, path: str, head: FunctionHead) -> list[FunctionRef]:
    scope = bodies.scope(path, head.qualname)
    found: dict[str, FunctionRef] = {}
    for value in returns(scope):
        listed = [(where, item) for where, item in elements(scope, value)]
        refs = [functions_of(where, item) if isinstance(item, Name) else [] for where, item in listed]
        if not refs or not all(len(one) == 1 and _is_inner(bodies, one[0], head) for one in refs):
            return []
        found |= {one[0].qualname: one[0] for one in refs}
    return list(found.values())


def _is_inner(bodies: Bodies, ref: FunctionRef, around: FunctionHead) -> bool:
    head = bodies.names.head(ref.path, ref.qualname) if ref.kind == "function" else None
    return head is not None and head.nested_in == around.qualname and bool(head.docstring) and not head.decorators
