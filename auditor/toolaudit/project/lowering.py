"""`ast` expressions → `toolaudit.facts` expressions.

The index lowers with this module alone; `extract.py` descends libcst and `ast` side by side and shares what needs no libcst
(constants, f-strings, parameters, patterns). Both give the same result for the same expression; a test holds them to it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, Literal

from toolaudit import facts as f

MAX_DEPTH = 100
"""Expressions nested deeper become `Other`: everything that walks facts later may recurse without a guard of its own."""

MAX_ITEMS = 2000
"""Displays with more items are tables of data, not code: they become `Other`."""

TOO_DEEP = f.Other("expression nested too deeply")
TOO_LONG = f.Other("display with too many items")

OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.MatMult: "@",
    ast.Div: "/",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.LShift: "<<",
    ast.RShift: ">>",
    ast.BitOr: "|",
    ast.BitXor: "^",
    ast.BitAnd: "&",
    ast.FloorDiv: "//",
    ast.Invert: "~",
    ast.Not: "not",
    ast.UAdd: "+",
    ast.USub: "-",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.In: "in",
    ast.NotIn: "not in",
}


def constant(value: object) -> f.Expr:
    """A literal's value; what the facts cannot hold (bytes, complex, huge integers, lone surrogates) becomes `Other`."""
    kind = type(value)
    if kind is str:
        text: str = value  # type: ignore[assignment]
        if text.isascii():
            return f.Const(text)
        try:
            text.encode()
        except UnicodeEncodeError:
            return f.Other("str")
        return f.Const(text)
    if value is None or kind is bool or kind is float:
        return f.Const(value)  # type: ignore[arg-type]
    if kind is int:
        number: int = value  # type: ignore[assignment]
        return f.Const(number) if -(2**63) <= number < 2**63 else f.Other("int")
    return f.Other("..." if value is ... else kind.__name__)


def unary(op: str, operand: f.Expr) -> f.Expr:
    """Folds the sign into a number, so that `-1` is a constant."""
    if type(operand) is f.Const and op in "+-":
        value = operand.value
        if type(value) is int or type(value) is float:
            return f.Const(-value) if op == "-" else operand
    return f.Unary(op, operand)


def lower(node: ast.AST, depth: int = 0) -> f.Expr:
    """Lowers one expression."""
    if depth > MAX_DEPTH:
        return TOO_DEEP
    handler = _HANDLERS.get(type(node))
    return handler(node, depth + 1) if handler is not None else f.Other(type(node).__name__)


def lower_optional(node: ast.AST | None, depth: int = 0) -> f.Expr | None:
    return None if node is None else lower(node, depth)


def _name(node: ast.Name, depth: int) -> f.Expr:
    return f.Name(node.id, node.lineno)


def _constant(node: ast.Constant, depth: int) -> f.Expr:
    return constant(node.value)


def _attribute(node: ast.Attribute, depth: int) -> f.Expr:
    return f.Attr(lower(node.value, depth), node.attr, node.lineno)


def _subscript(node: ast.Subscript, depth: int) -> f.Expr:
    return f.Item(lower(node.value, depth), lower(node.slice, depth), node.lineno)


def _slice(node: ast.Slice, depth: int) -> f.Expr:
    return f.Slice(lower_optional(node.lower, depth), lower_optional(node.upper, depth), lower_optional(node.step, depth))


def _starred(node: ast.Starred, depth: int) -> f.Expr:
    return f.Starred(lower(node.value, depth))


def _call(node: ast.Call, depth: int) -> f.Expr:
    return f.Call(
        lower(node.func, depth),
        tuple([lower(a, depth) for a in node.args]),
        tuple([f.Keyword(k.arg, lower(k.value, depth)) for k in node.keywords]),
        node.lineno,
        node.col_offset,
    )


def _await(node: ast.Await, depth: int) -> f.Expr:
    return f.Await(lower(node.value, depth), node.lineno)


def _joined(node: ast.JoinedStr, depth: int) -> f.Expr:
    parts: list[f.Expr] = []
    for value in node.values:
        if isinstance(value, ast.FormattedValue):
            parts.append(lower(value.value, depth))
        else:
            parts.append(lower(value, depth))
    if not parts:
        return f.Const("")
    if len(parts) == 1 and type(parts[0]) is f.Const and type(node.values[0]) is ast.Constant:
        return parts[0]
    return f.Template(tuple(parts))


def _binary(node: ast.BinOp, depth: int) -> f.Expr:
    return f.Binary(OPERATORS[type(node.op)], lower(node.left, depth), lower(node.right, depth))


def _compare(node: ast.Compare, depth: int) -> f.Expr:
    ops = tuple([OPERATORS[type(op)] for op in node.ops])
    return f.Compare(lower(node.left, depth), ops, tuple([lower(c, depth) for c in node.comparators]))


def _boolean(node: ast.BoolOp, depth: int) -> f.Expr:
    return f.Boolean("and" if type(node.op) is ast.And else "or", tuple([lower(v, depth) for v in node.values]))


def _unary(node: ast.UnaryOp, depth: int) -> f.Expr:
    return unary(OPERATORS[type(node.op)], lower(node.operand, depth))


def _choice(node: ast.IfExp, depth: int) -> f.Expr:
    return f.Choice(lower(node.test, depth), lower(node.body, depth), lower(node.orelse, depth))


def _display(kind: Literal["tuple", "list", "set"]) -> Callable[[Any, int], f.Expr]:
    def display(node: Any, depth: int) -> f.Expr:
        if len(node.elts) > MAX_ITEMS:
            return TOO_LONG
        return f.Display(kind, tuple([lower(e, depth) for e in node.elts]))

    return display


def _mapping(node: ast.Dict, depth: int) -> f.Expr:
    if len(node.keys) > MAX_ITEMS:
        return TOO_LONG
    return f.Mapping(tuple([(lower_optional(k, depth), lower(v, depth)) for k, v in zip(node.keys, node.values, strict=True)]))


def _lambda(node: ast.Lambda, depth: int) -> f.Expr:
    return f.Lambda(parameters(node.args, depth), lower(node.body, depth), node.lineno)


def _comprehension(kind: Literal["list", "set", "dict", "generator"]) -> Callable[[Any, int], f.Expr]:
    def comprehension(node: Any, depth: int) -> f.Expr:
        element = node.key if kind == "dict" else node.elt
        value = node.value if kind == "dict" else None
        clauses = tuple([_clause(g, depth) for g in node.generators])
        return f.Comprehension(kind, lower(element, depth), lower_optional(value, depth), clauses)

    return comprehension


def _clause(node: ast.comprehension, depth: int) -> f.Clause:
    conditions = tuple([lower(c, depth) for c in node.ifs])
    return f.Clause(lower(node.target, depth), lower(node.iter, depth), conditions, bool(node.is_async))


def _walrus(node: ast.NamedExpr, depth: int) -> f.Expr:
    return f.Walrus(node.target.id, lower(node.value, depth))


def _yield(node: ast.Yield, depth: int) -> f.Expr:
    return f.Yield(lower_optional(node.value, depth), False, node.lineno)


def _yield_from(node: ast.YieldFrom, depth: int) -> f.Expr:
    return f.Yield(lower(node.value, depth), True, node.lineno)


_HANDLERS: dict[type[ast.AST], Callable[[Any, int], f.Expr]] = {
    ast.Name: _name,
    ast.Constant: _constant,
    ast.Attribute: _attribute,
    ast.Subscript: _subscript,
    ast.Slice: _slice,
    ast.Starred: _starred,
    ast.Call: _call,
    ast.Await: _await,
    ast.JoinedStr: _joined,
    ast.BinOp: _binary,
    ast.Compare: _compare,
    ast.BoolOp: _boolean,
    ast.UnaryOp: _unary,
    ast.IfExp: _choice,
    ast.Tuple: _display("tuple"),
    ast.List: _display("list"),
    ast.Set: _display("set"),
    ast.Dict: _mapping,
    ast.Lambda: _lambda,
    ast.ListComp: _comprehension("list"),
    ast.SetComp: _comprehension("set"),
    ast.DictComp: _comprehension("dict"),
    ast.GeneratorExp: _comprehension("generator"),
    ast.NamedExpr: _walrus,
    ast.Yield: _yield,
    ast.YieldFrom: _yield_from,
}


# --- parameters, imports, patterns -----------------------------------------------------------------------------------


def parameters(node: ast.arguments, depth: int = 0) -> tuple[f.Parameter, ...]:
    """The parameters in the order of the signature."""
    made: list[f.Parameter] = []
    plain = [*node.posonlyargs, *node.args]
    defaults: list[ast.expr | None] = [None] * (len(plain) - len(node.defaults))
    defaults += node.defaults
    for position, (arg, default) in enumerate(zip(plain, defaults, strict=True)):
        kind: Literal["positional", "normal"] = "positional" if position < len(node.posonlyargs) else "normal"
        made.append(f.Parameter(arg.arg, kind, lower_optional(arg.annotation, depth), lower_optional(default, depth)))
    if node.vararg is not None:
        made.append(f.Parameter(node.vararg.arg, "vararg", lower_optional(node.vararg.annotation, depth)))
    for arg, default in zip(node.kwonlyargs, node.kw_defaults, strict=True):
        made.append(f.Parameter(arg.arg, "keyword", lower_optional(arg.annotation, depth), lower_optional(default, depth)))
    if node.kwarg is not None:
        made.append(f.Parameter(node.kwarg.arg, "kwarg", lower_optional(node.kwarg.annotation, depth)))
    return tuple(made)


def bindings(node: ast.Import | ast.ImportFrom, package: str) -> tuple[f.Binding, ...]:
    """The names an import binds. Relative levels are resolved against `package`; past its top the dots stay."""
    made: list[f.Binding] = []
    if isinstance(node, ast.ImportFrom):
        module = absolute(node.module or "", node.level, package)
        return tuple([f.Binding(a.asname or a.name, module, a.name, node.lineno) for a in node.names])
    for alias in node.names:
        if alias.asname is not None:
            made.append(f.Binding(alias.asname, alias.name, None, node.lineno))
            continue
        top = alias.name.partition(".")[0]
        made.append(f.Binding(top, top, None, node.lineno))
        if top != alias.name:
            made.append(f.Binding(alias.name, alias.name, None, node.lineno))
    return tuple(made)


def absolute(module: str, level: int, package: str) -> str:
    """The absolute name of a relative import; `package` "" is the import root itself. Past the root the dots stay."""
    if level == 0:
        return module
    parts = package.split(".") if package else []
    if level > len(parts) + 1:
        return "." * level + module
    return ".".join([*parts[: len(parts) - level + 1], *([module] if module else [])])


def pattern(node: ast.pattern, depth: int = 0) -> f.Expr:
    """A `match` pattern as an expression, see `facts.Case`."""
    if depth > MAX_DEPTH:
        return TOO_DEEP
    depth += 1
    match node:
        case ast.MatchValue(value=value):
            return lower(value, depth)
        case ast.MatchSingleton(value=value):
            return constant(value)
        case ast.MatchSequence(patterns=patterns):
            return f.Display("list", tuple([pattern(p, depth) for p in patterns]))
        case ast.MatchStar(name=name):
            return f.Starred(f.Name(name or "_", node.lineno))
        case ast.MatchMapping(keys=keys, patterns=patterns, rest=rest):
            items: list[tuple[f.Expr | None, f.Expr]] = []
            items += [(lower(k, depth), pattern(p, depth)) for k, p in zip(keys, patterns, strict=True)]
            if rest is not None:
                items.append((None, f.Name(rest, node.lineno)))
            return f.Mapping(tuple(items))
        case ast.MatchClass(cls=cls, patterns=patterns, kwd_attrs=names, kwd_patterns=values):
            keywords = tuple([f.Keyword(n, pattern(v, depth)) for n, v in zip(names, values, strict=True)])
            return f.Call(lower(cls, depth), tuple([pattern(p, depth) for p in patterns]), keywords, node.lineno, node.col_offset)
        case ast.MatchOr(patterns=patterns):
            return f.Display("or", tuple([pattern(p, depth) for p in patterns]))
        case ast.MatchAs(pattern=inner, name=name):
            if inner is None or name is None:
                return f.Name(name or "_", node.lineno)
            return f.Walrus(name, pattern(inner, depth))
    return f.Other(type(node).__name__)
