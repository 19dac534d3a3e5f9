"""A tool as a discovery pass reports it, before names, parameters and flags are worked out."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from toolaudit.facts import Call, ClassHead, Expr
from toolaudit.frameworks.callables import FunctionRef
from toolaudit.frameworks.schema import Declare, Framework
from toolaudit.frameworks.scope import Scope
from toolaudit.model import Dispatcher, Fact, Given


class SchemaText(Struct, frozen=True):
    """A declaration's literal: where it stands, and its parts as far as they are known."""

    name: str
    scope: Scope
    line: int
    parameters: Expr | None = None
    description: Expr | None = None
    annotations: Expr | None = None
    framework: Framework | None = None


class Draft(Struct, frozen=True):
    """`call` is the declaring call with `scope` its surroundings (where keywords stand); `cls` the tool's class."""

    framework: Framework
    declare: Declare
    declared_by: str
    file: str
    function: str
    line: int
    ref: FunctionRef | None = None
    entry: str = ""
    name: str = ""
    call: Call | None = None
    scope: Scope | None = None
    cls: ClassHead | None = None
    cls_scope: Scope | None = None
    key: str = ""
    when: tuple[Fact, ...] = ()
    arguments_in: str = ""
    schema: SchemaText | None = None
    owner: str = ""
    receiver: Literal["none", "shared", "per-call"] = "none"
    dispatcher: Dispatcher | None = None
    given: tuple[Given, ...] = ()
    inputs: tuple[str, ...] = ()
    """The parameters that the operation requires which it makes a call of, where its own function takes any."""
    on_loop: bool = False
    """Its dispatcher is a coroutine that calls it itself: it runs on the event loop, whatever it is."""


ORDER = (
    "decorator",
    "decorator-method",
    "base-class",
    "toolkit",
    "factory",
    "registration",
    "convention",
    "dispatch",
    "schema",
    "callable",
)
"""Of several declarations of one tool the first in this order counts."""


def from_ref(framework: Framework, declare: Declare, declared_by: str, ref: FunctionRef, **more: object) -> Draft:
    """A draft for a function that was found as a callable."""
    return Draft(
        framework,
        declare,
        declared_by,
        ref.path,
        ref.qualname or ref.text,
        ref.line,
        ref=ref,
        owner=ref.owner,
        receiver=ref.receiver,
        **more,  # type: ignore[arg-type]
    )


def schema_for(declared: dict[str, list[SchemaText]], text: str, path: str) -> SchemaText | None:
    """The schema of a name, that of the same file first."""
    listed = declared.get(text, [])
    return next((schema for schema in listed if schema.scope.path == path), listed[0] if listed else None)
