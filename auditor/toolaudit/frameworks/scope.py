"""Names inside functions: parameters, local assignments, local imports and definitions, `self`, then the module's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

from toolaudit.facts import (
    Assign,
    Attr,
    Augment,
    Binding,
    Call,
    ClassHead,
    Define,
    DefineClass,
    Evaluate,
    Expr,
    For,
    FunctionFacts,
    FunctionHead,
    Import,
    Name,
    Parameter,
    Starred,
    Stmt,
    With,
)
from toolaudit.frameworks.names import Names, Target
from toolaudit.frameworks.nodes import inner


class Local(Struct, frozen=True):
    """One way a local name is bound: `value`, `element` (of an iterable), `entered` (by `with`), `import`, `function`, `class`, `parameter`."""

    kind: str
    expr: Expr | None = None
    binding: Binding | None = None
    qualname: str = ""
    parameter: Parameter | None = None
    target: Expr | None = None
    """For an element: the whole target of the loop."""
    line: int = 0


class Scope:
    """The names seen by the code of one function, or of a module (`qualname` empty)."""

    def __init__(self, names: Names, path: str, qualname: str = "") -> None:
        self.names = names
        self.path = path
        self.qualname = "" if qualname == "<module>" else qualname
        self.chain = list(self._chain())
        self.owner = next((head.owner for head in self.chain if head.owner), "") or ""
        self._locals: list[dict[str, list[Local]]] | None = None
        self._module: dict[str, list[Local]] | None = None
        self.top: FunctionFacts | None = None
        """The module's top-level code, when it is read: loops and additions to lists are seen then."""

    def _chain(self) -> Iterator[FunctionHead]:
        head = self.names.head(self.path, self.qualname) if self.qualname else None
        while head is not None:
            yield head
            head = self.names.head(self.path, head.nested_in) if head.nested_in else None

    @property
    def locals(self) -> list[dict[str, list[Local]]]:
        """Name → bindings, of this function, then of the enclosing ones."""
        if self._locals is None:
            self._locals = []
            for head in self.chain:
                facts = self.names.project.facts(self.path, head.qualname)
                self._locals.append(bound(facts, head) if facts is not None else parameters_of(head))
        return self._locals

    def local(self, name: str) -> list[Local]:
        for frame in self.locals:
            if name in frame:
                return frame[name]
        return []

    @property
    def receiver(self) -> str:
        """The name of the receiver (`self`, `cls`) that code of this scope can use, or empty."""
        method = next((head for head in self.chain if head.owner), None)
        if method is None or not method.parameters or _is_static(method):
            return ""
        return method.parameters[0].name

    def resolve(self, expr: Expr, depth: int = 0) -> tuple[Target, ...]:
        """What a dotted expression means here."""
        if depth > 8:
            return ()
        if isinstance(expr, Attr):
            if self.owner and isinstance(expr.value, Name) and expr.value.id == self.receiver:
                return tuple(self.names.class_member(self.own_class(), expr.attr))
            return self.names.attribute(self.resolve(expr.value, depth + 1), expr.attr)
        if isinstance(expr, Name) and self.qualname:
            found = self.local(expr.id)
            if found:
                return tuple(target for one in found for target in self._meaning(one, expr.id, depth))
            if self.owner and expr.id in {"__class__"}:
                return (self.own_class(),)
        return self.names.resolve(self.path, expr)

    def _meaning(self, local: Local, name: str, depth: int) -> Iterable[Target]:
        if local.kind == "import" and local.binding is not None:
            binding = local.binding
            return (
                [self.names.module(binding.module)] if binding.attribute is None else self.names.member(binding.module, binding.attribute)
            )
        if local.kind in {"function", "class"}:
            table = self.names.table(self.path)
            module = table.index.module if table else ""
            return [Target(local.kind, (f"{module}.{local.qualname}",), self.path, local.qualname)]
        if local.kind == "value" and isinstance(local.expr, Name | Attr) and local.expr != Name(name):
            return self.resolve(local.expr, depth + 1)
        return []

    def own_class(self) -> Target:
        table = self.names.table(self.path)
        module = table.index.module if table else ""
        return Target("class", (f"{module}.{self.owner}",), self.path, self.owner)

    def class_head(self) -> ClassHead | None:
        return self.names.class_head(self.path, self.owner) if self.owner else None

    def module_local(self, name: str) -> list[Local]:
        """How a module-level name is bound by the file's own assignments, additions in top-level code included."""
        if self.top is None and self._is_extended(name):
            self.top, self._module = self.names.project.facts(self.path, "<module>"), None
        if self._module is None:
            table = self.names.table(self.path)
            self._module = bound(self.top) if self.top is not None else {}
            for assign in table.index.assigns if table and self.top is None else ():
                _assigned(self._module, assign)
        return self._module.get(name, [])

    def _is_extended(self, name: str) -> bool:
        """Top-level code adds to the variable by statements that the index does not list."""
        return (
            re.search(rf"^{re.escape(name)}(?:\.(?:append|extend|insert|add|update)\(|\s*\+=)", self.names.text(self.path)[0], re.M)
            is not None
        )


def _is_static(head: FunctionHead) -> bool:
    return any(isinstance(decorator, Name) and decorator.id == "staticmethod" for decorator in head.decorators)


def parameters_of(head: FunctionHead) -> dict[str, list[Local]]:
    return {parameter.name: [Local("parameter", parameter=parameter)] for parameter in head.parameters}


def bound(facts: FunctionFacts, head: FunctionHead | None = None) -> dict[str, list[Local]]:
    """The local names of a function's body."""
    found = parameters_of(head) if head is not None else {}
    prefix = "" if facts.qualname == "<module>" else facts.qualname + "."
    for statement in inner(facts.body):
        _statement(found, statement, prefix)
    return found


def _statement(found: dict[str, list[Local]], statement: Stmt, prefix: str) -> None:
    if isinstance(statement, Assign):
        _assigned(found, statement)
    elif isinstance(statement, Augment):
        if isinstance(statement.target, Name):
            _add(found, statement.target.id, Local("added", Starred(statement.value)))
    elif isinstance(statement, For):
        for name in _names(statement.target):
            _add(found, name, Local("element", statement.iterable, target=statement.target, line=statement.line))
    elif isinstance(statement, With):
        for value, target in statement.items:
            if isinstance(target, Name):
                _add(found, target.id, Local("entered", value))
    elif isinstance(statement, Import):
        for binding in statement.bindings:
            _add(found, binding.name, Local("import", binding=binding))
    elif isinstance(statement, Define):
        _add(found, statement.function.qualname.rsplit(".", 1)[-1], Local("function", qualname=statement.function.qualname))
    elif isinstance(statement, DefineClass):
        _add(found, statement.name, Local("class", qualname=prefix + statement.name))
    elif isinstance(statement, Evaluate):
        _extended(found, statement.value)


def _assigned(found: dict[str, list[Local]], statement: Assign) -> None:
    for target in statement.targets:
        if isinstance(target, Name):
            _add(
                found,
                target.id,
                Local("value", statement.value, parameter=Parameter(target.id, annotation=statement.annotation), line=statement.line),
            )


def _names(target: Expr) -> list[str]:
    if isinstance(target, Name):
        return [target.id]
    return [name for item in getattr(target, "items", ()) for name in _names(item)]


def _extended(found: dict[str, list[Local]], expr: Expr) -> None:
    """`tools.append(x)` and `tools.extend(xs)` add to what the name holds."""
    if isinstance(expr, Call) and isinstance(expr.func, Attr) and isinstance(expr.func.value, Name) and expr.args:
        if expr.func.attr in {"append", "add"}:
            _add(found, expr.func.value.id, Local("added", expr.args[0]))
        elif expr.func.attr == "insert" and len(expr.args) == 2:
            _add(found, expr.func.value.id, Local("added", expr.args[1]))
        elif expr.func.attr in {"extend", "update"}:
            _add(found, expr.func.value.id, Local("added", Starred(expr.args[0])))


def _add(found: dict[str, list[Local]], name: str, local: Local) -> None:
    found.setdefault(name, []).append(local)
