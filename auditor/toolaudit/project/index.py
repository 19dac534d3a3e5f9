"""A module's `ast` → `ModuleIndex`: what a file defines, without its function bodies."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

import msgspec

from toolaudit import facts as f
from toolaudit.project.guard import depth
from toolaudit.project.lowering import bindings, lower, lower_optional, parameters
from toolaudit.project.pragmas import pragmas

Function = ast.FunctionDef | ast.AsyncFunctionDef
_indexes = msgspec.msgpack.Decoder(f.ModuleIndex)


def index_module(tree: ast.Module, text: str, *, path: str, module: str, digest: str) -> f.ModuleIndex:
    """Indexes a parsed file; `text` is its source, `module` its dotted name (`package.__init__` without the last part)."""
    package = module if path.rpartition("/")[2] == "__init__.py" else module.rpartition(".")[0]
    found = _Found(package)
    found.block(tree.body, "", None, None)
    return f.ModuleIndex(
        path=path,
        module=module,
        digest=digest,
        imports=tuple(found.imports),
        functions=tuple(found.functions),
        classes=tuple(found.classes),
        assigns=tuple(found.assigns),
        exported=_exported(found.assigns),
        lines=text.count("\n") + (not text.endswith("\n") and text != ""),
        pragmas=pragmas(text),
    )


def recalled(data: bytes | None) -> f.ModuleIndex | None:
    """An index that was kept as MessagePack; None where it cannot be read."""
    try:
        return None if data is None else _indexes.decode(data)
    except msgspec.MsgspecError:
        return None


class _Found:
    """Collects definitions; one pass over statements, expressions only where they are lowered."""

    def __init__(self, package: str) -> None:
        self.package = package
        self.imports: list[f.Binding] = []
        self.functions: list[f.FunctionHead] = []
        self.classes: list[f.ClassHead] = []
        self.assigns: list[f.Assign] = []

    def block(self, body: Iterable[ast.stmt], prefix: str, owner: str | None, function: str | None) -> None:
        """`owner`: qualname of the class these statements are direct members of; `function`: of the enclosing function."""
        for node in body:
            kind = type(node)
            if kind is ast.FunctionDef or kind is ast.AsyncFunctionDef:
                self.function(node, prefix, owner, function)  # type: ignore[arg-type]
            elif kind is ast.ClassDef:
                self.class_(node, prefix, function)  # type: ignore[arg-type]
            elif function is None and owner is None and kind in _TOP:
                self.top(node)
            if kind in _COMPOUND:
                for inner in inner_blocks(node):
                    self.block(inner, prefix, owner, function)

    def top(self, node: ast.stmt) -> None:
        if isinstance(node, ast.Import | ast.ImportFrom):
            self.imports += bindings(node, self.package)
        elif isinstance(node, ast.Assign):
            targets = tuple([lower(t) for t in node.targets])
            self.assigns.append(f.Assign(targets, lower(node.value), node.lineno))
        elif isinstance(node, ast.AnnAssign):
            annotation = lower(node.annotation)
            self.assigns.append(f.Assign((lower(node.target),), lower_optional(node.value), node.lineno, annotation))
        elif isinstance(node, ast.With | ast.AsyncWith):
            for item in node.items:
                if item.optional_vars is not None:
                    self.assigns.append(f.Assign((lower(item.optional_vars),), lower(item.context_expr), node.lineno))

    def function(self, node: Function, prefix: str, owner: str | None, function: str | None) -> None:
        qualname = prefix + node.name
        head = function_head(node, qualname, owner, function)
        self.functions.append(head)
        self.block(node.body, qualname + ".", None, qualname)

    def class_(self, node: ast.ClassDef, prefix: str, function: str | None) -> None:
        qualname = prefix + node.name
        self.classes.append(
            f.ClassHead(
                qualname=qualname,
                name=node.name,
                bases=tuple([lower(b) for b in node.bases]),
                keywords=tuple([f.Keyword(k.arg, lower(k.value)) for k in node.keywords]),
                decorators=tuple([lower(d) for d in node.decorator_list]),
                fields=tuple(_fields(node.body)),
                docstring=_docstring(node),
                nested_in=function,
                start=min([node.lineno, *(d.lineno for d in node.decorator_list)]),
                line=node.lineno,
                end=node.end_lineno or node.lineno,
            )
        )
        self.block(node.body, qualname + ".", qualname, function)


def function_head(node: Function, qualname: str, owner: str | None, function: str | None) -> f.FunctionHead:
    return f.FunctionHead(
        qualname=qualname,
        name=node.name,
        parameters=parameters(node.args),
        decorators=tuple([lower(d) for d in node.decorator_list]),
        returns=lower_optional(node.returns),
        docstring=_docstring(node),
        is_async=type(node) is ast.AsyncFunctionDef,
        owner=owner,
        nested_in=function,
        start=min([node.lineno, *(d.lineno for d in node.decorator_list)]),
        line=node.lineno,
        end=node.end_lineno or node.lineno,
        depth=depth(node) if function is None else 0,
    )


_TOP = {ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign, ast.With, ast.AsyncWith}
_COMPOUND = {ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.TryStar, ast.Match}


def inner_blocks(node: ast.stmt) -> Iterator[list[ast.stmt]]:
    """The statement lists of a compound statement that share its scope; `elif` chains without recursion."""
    while True:
        if isinstance(node, ast.Match):
            for case in node.cases:
                yield case.body
            return
        yield node.body  # type: ignore[attr-defined]
        for handler in getattr(node, "handlers", ()):
            yield handler.body
        orelse: list[ast.stmt] = getattr(node, "orelse", [])
        if type(node) is ast.If and len(orelse) == 1 and type(orelse[0]) is ast.If:
            node = orelse[0]
            continue
        yield orelse
        yield getattr(node, "finalbody", [])
        return


def _fields(body: Iterable[ast.stmt]) -> Iterator[f.Field]:
    for node in body:
        if isinstance(node, ast.AnnAssign):
            if isinstance(node.target, ast.Name):
                yield f.Field(node.target.id, lower(node.annotation), lower_optional(node.value), node.lineno)
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    yield f.Field(target.id, None, lower(node.value), node.lineno)
        elif type(node) in _COMPOUND:
            for inner in inner_blocks(node):
                yield from _fields(inner)


def _docstring(node: Function | ast.ClassDef) -> str | None:
    text = ast.get_docstring(node)
    return None if text is None else text.encode(errors="replace").decode()


def _exported(assigns: Iterable[f.Assign]) -> tuple[str, ...] | None:
    names: tuple[str, ...] | None = None
    for assign in assigns:
        if any(isinstance(t, f.Name) and t.id == "__all__" for t in assign.targets) and isinstance(assign.value, f.Display):
            items = [i.value for i in assign.value.items if isinstance(i, f.Const) and isinstance(i.value, str)]
            names = tuple(items) if len(items) == len(assign.value.items) else None
    return names
