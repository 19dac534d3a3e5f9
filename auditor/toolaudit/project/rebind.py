"""Imports that reach a module of the project by another name than its own, given its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from toolaudit.facts import Binding, Define, FunctionFacts, Import, ModuleIndex, Stmt
from toolaudit.project.layout import Layout

Rename = Callable[[str], str]


def rebind_index(index: ModuleIndex, rename: Rename) -> ModuleIndex:
    return replace(index, imports=_bindings(index.imports, rename))


def rebind_facts(facts: FunctionFacts, rename: Rename) -> FunctionFacts:
    body = _block(facts.body, rename)
    return facts if body is facts.body else replace(facts, body=body)


def _bindings(bindings: tuple[Binding, ...], rename: Rename) -> tuple[Binding, ...]:
    made = [(b, rename(b.module)) for b in bindings]
    if all(b.module == name for b, name in made):
        return bindings
    return tuple([replace(b, module=name) for b, name in made])


def _block(body: tuple[Stmt, ...], rename: Rename) -> tuple[Stmt, ...]:
    made = tuple([_statement(s, rename) for s in body])
    return body if all(new is old for new, old in zip(made, body, strict=True)) else made


def _statement(statement: Any, rename: Rename) -> Any:
    if isinstance(statement, Import):
        bindings = _bindings(statement.bindings, rename)
        return statement if bindings is statement.bindings else replace(statement, bindings=bindings)
    if isinstance(statement, Define):
        function = rebind_facts(statement.function, rename)
        return statement if function is statement.function else replace(statement, function=function)
    changes: dict[str, Any] = {}
    for name in ("body", "orelse", "finalbody", "handlers", "cases"):
        inner = getattr(statement, name, ())
        if inner:
            made = _block(inner, rename)
            if made is not inner:
                changes[name] = made
    return replace(statement, **changes) if changes else statement


def renamer(layout: Layout, file: Path, neighbours: dict[str, Path]) -> Rename:
    """What a file's imports are called in the project; files beside it that it does not know by name join the `neighbours`."""
    known: dict[str, str] = {}

    def rename(name: str) -> str:
        if name not in known:
            own = layout.neighbour(file, name)
            known[name] = layout.name_of(own) if own else name
            if own and layout.path(known[name]) is None:
                neighbours[known[name]] = own
        return known[name]

    return rename
