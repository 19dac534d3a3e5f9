"""What every rewriting step needs: calls of hooks, sites, temporaries, and which names are whose."""

from __future__ import annotations

import ast
import types
from collections.abc import Callable
from typing import Any

from pytest_toolaudit.engine.turn import READ, WRITE, Site
from pytest_toolaudit.rewriting.scopes import is_generator, local_names
from pytest_toolaudit.rewriting.vocabulary import CACHES, PROCESS_ATTRIBUTES

PREFIX = "\0toolaudit:"


class Base(ast.NodeTransformer):
    """Knows the scopes around the node that is being rewritten."""

    def __init__(self, file: str, source: str, namespace: dict[str, Any], is_own: Callable[[Any], bool]) -> None:
        self.file, self.lines, self.namespace, self.is_own = file, source.splitlines(), namespace, is_own
        self.sites: list[Site] = []
        self.rebound: set[str] = set()
        self.assigned: set[str] = set()
        self.kept: set[str] = set()
        self.methods: set[str] = set()
        self.scopes: list[set[str]] = []
        self.cells: list[tuple[str, set[str]]] = []
        self.names: list[str] = []
        self.classes: list[str] = []
        self.temps = 0

    # -- building calls of hooks --------------------------------------------------------------------------------------

    def site(self, kind: str, node: ast.AST, owner: Any = None, name: str = "") -> ast.expr:
        """A constant that becomes the site of this node."""
        line = getattr(node, "lineno", 0)
        function = ".".join(self.names) or "<module>"
        site = Site(kind, text_of(node), self.file, line, function, owner, name)
        site.column = getattr(node, "col_offset", 0)
        self.sites.append(site)
        return ast.Constant(f"{PREFIX}site:{len(self.sites) - 1}")

    def hook(self, name: str, *args: ast.expr, keywords: list[ast.keyword] | None = None) -> ast.Call:
        """A call of the hook ``name``."""
        return ast.Call(ast.Constant(f"{PREFIX}hook:{name}"), list(args), keywords or [])

    def mangled(self, name: str) -> ast.Constant:
        """An attribute's name as the compiler would store it inside a class."""
        if self.classes and name.startswith("__") and not name.endswith("__"):
            name = f"_{self.classes[-1].lstrip('_')}{name}"
        return ast.Constant(name)

    def temp(self) -> str:
        """A local name that no program can write."""
        self.temps += 1
        return f".toolaudit{self.temps}"

    def visit(self, node: ast.AST) -> Any:
        """As the base class, and what replaces a node keeps its position. Outside functions only those are looked for, in all expressions."""
        outside = not self.scopes and isinstance(node, (ast.expr, ast.comprehension)) and not isinstance(node, ast.Lambda)
        done = self._outside(node) if outside else super().visit(node)
        if hasattr(node, "lineno"):
            for part in done if isinstance(done, list) else [done]:
                if isinstance(part, ast.AST) and part is not node:
                    place(part, node)
        return done

    def _outside(self, node: ast.AST) -> ast.AST:
        loop = isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp))
        if loop:  # a lambda inside may use its variables
            self.scopes.append(stored(node))
            self.cells.append(("", set()))
        self.generic_visit(node)
        if loop:
            self.cells.pop()
            self.scopes.pop()
        return node

    # -- scopes -------------------------------------------------------------------------------------------------------

    def _function(self, node: Any) -> Any:
        if not self.scopes:
            node.args = self.visit(node.args)
            node.decorator_list = [self.visit(one) for one in node.decorator_list]
        local, cells = local_names(node)
        self.scopes.append(local)
        self.cells.append((".".join([*self.names, node.name]), cells))
        self.names.append(node.name)
        documented = int(ast.get_docstring(node, clean=False) is not None)
        node.body = [*node.body[:documented], *self._first(node), *self._block(node.body[documented:])]
        self.names.pop()
        self.cells.pop()
        self.scopes.pop()
        return node

    def _first(self, node: Any) -> list[ast.stmt]:
        """First thing in a function that keeps its results: it runs where it found none, and others may have found none either.
        First thing in a generator: it executes now."""
        kept = keepers(node)
        missed = [ast.Expr(self.hook("missed", self.site(WRITE, kept[0])))] if kept else []
        begun = [ast.Expr(self.hook("resumed", ast.Constant(None), self.site(READ, _named(node))))] if is_generator(node) else []
        return [place(one, node.body[0]) for one in (*missed, *begun)]

    visit_FunctionDef = visit_AsyncFunctionDef = _function  # noqa: N815 - names the base class asks for

    def _block(self, body: list[ast.stmt]) -> list[ast.stmt]:
        out: list[ast.stmt] = []
        for statement in body:
            done = self.visit(statement)
            out.extend(done if isinstance(done, list) else [done])
        return out

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        """A lambda's body runs later, like a function's."""
        self.scopes.append({a.arg for a in ast.walk(node.args) if isinstance(a, ast.arg)} | stored(node.body))
        self.cells.append(("<lambda>", set()))
        node.body = self.visit(node.body)
        self.cells.pop()
        self.scopes.pop()
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        """Methods are rewritten, the class body itself is not."""
        self.classes.append(node.name)
        self.names.append(node.name)
        defined = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        node.body = [self.visit(s) if isinstance(s, defined) or not self.scopes else s for s in node.body]
        self.names.pop()
        self.classes.pop()
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> Any:
        """Annotations are not run inside functions; the value is."""
        if not self.scopes or node.value is None:
            return self.generic_visit(node) if node.value is not None else node
        if isinstance(node.target, (ast.Attribute, ast.Subscript)):
            return self.visit_Assign(ast.copy_location(ast.Assign([node.target], node.value), node))
        node.value = self.visit(node.value)
        return node

    def is_global(self, name: str) -> bool:
        """Whether the name means a module global here."""
        return not any(name in scope for scope in self.scopes)

    def cell_owner(self, name: str) -> str:
        """The function whose rebound local ``name`` is, or the empty text."""
        for (function, cells), scope in zip(reversed(self.cells), reversed(self.scopes), strict=False):
            if name in cells:
                return function
            if name in scope:
                return ""
        return ""

    def is_module(self, node: ast.expr) -> bool:
        """Whether the expression is a module of somebody else: its attributes are no shared state of the tools."""
        if isinstance(node, ast.Name) and self.is_global(node.id):
            value = self.namespace.get(node.id)
            return isinstance(value, types.ModuleType) and not self.is_own(value)
        if isinstance(node, ast.Attribute):
            return self.is_module(node.value) and not self.is_process(node)
        return False

    def is_process(self, node: ast.Attribute) -> bool:
        """Whether it is an attribute of somebody else's module that the process shares, or that the tools themselves assign."""
        if not isinstance(node.value, ast.Name) or not self.is_module(node.value):
            return False
        return node.attr in self.assigned or (node.value.id == "sys" and node.attr in PROCESS_ATTRIBUTES)


def keepers(node: Any) -> list[ast.expr]:
    """The decorators of a function by which its results are kept."""
    return [d for d in node.decorator_list if text_of(d.func if isinstance(d, ast.Call) else d).rpartition(".")[2] in CACHES]


def _named(node: Any) -> ast.expr:
    """A function's name, where it is defined."""
    return ast.copy_location(ast.Name(node.name, ast.Load()), node)


def stored(node: ast.AST) -> set[str]:
    """The names that an expression binds: variables of comprehensions, and with ``:=``."""
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}


def text_of(node: ast.AST) -> str:
    """The source of a node in one short line."""
    text = ast.unparse(node)
    return text if len(text) <= 80 else text[:77] + "..."


def place(node: Any, like: ast.AST) -> Any:
    """Gives every part of ``node`` that has no position the one of ``like``."""
    for part in ast.walk(node):
        if isinstance(part, (ast.expr, ast.stmt)) and not hasattr(part, "lineno"):
            ast.copy_location(part, like)
    return node
