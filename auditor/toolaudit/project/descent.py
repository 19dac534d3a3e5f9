"""libcst expressions → facts, beside the `ast` of the same source.

libcst gives the structure, `ast` gives each node's position, a literal's value and what both spell alike. Descending the two trees
together costs nothing but attribute reads, where libcst's own position metadata would cost twenty times the pass.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any, Literal

import libcst as cst

from toolaudit import facts as f
from toolaudit.project.lowering import MAX_DEPTH, MAX_ITEMS, OPERATORS, TOO_DEEP, TOO_LONG, lower, parameters, unary


class MismatchError(Exception):
    """The two parsers disagree on the structure of the source."""


def descend(node: cst.CSTNode, twin: Any, depth: int = 0) -> f.Expr:
    """Lowers `node`, whose `ast` is `twin`.

    Raises MismatchError when they are not the same expression.
    """
    if depth > MAX_DEPTH:
        return TOO_DEEP
    handler = _HANDLERS.get(type(node))
    return handler(node, twin, depth + 1) if handler is not None else f.Other(type(twin).__name__)


def descend_optional(node: cst.CSTNode | None, twin: Any, depth: int = 0) -> f.Expr | None:
    return None if node is None else descend(node, twin, depth)


def paired(nodes: Sequence[Any], twins: Sequence[Any]) -> zip[tuple[Any, Any]]:
    if len(nodes) != len(twins):
        raise MismatchError
    return zip(nodes, twins, strict=True)


def expect(twin: object, kind: type[ast.AST]) -> None:
    if type(twin) is not kind:
        raise MismatchError


def _same(node: cst.CSTNode, twin: Any, depth: int) -> f.Expr:
    """Literals, and strings with holes: `ast` has evaluated the one and joined the other."""
    return lower(twin, depth - 1)


def _name(node: cst.Name, twin: Any, depth: int) -> f.Expr:
    if type(twin) is ast.Name:
        return f.Name(twin.id, twin.lineno)
    expect(twin, ast.Constant)
    return f.Const(twin.value)


def _attribute(node: cst.Attribute, twin: Any, depth: int) -> f.Expr:
    expect(twin, ast.Attribute)
    return f.Attr(descend(node.value, twin.value, depth), twin.attr, twin.lineno)


def _subscript(node: cst.Subscript, twin: Any, depth: int) -> f.Expr:
    expect(twin, ast.Subscript)
    elements = node.slice
    first = elements[0]
    if len(elements) == 1 and not isinstance(first.comma, cst.Comma) and not getattr(first.slice, "star", None):
        index = _index(first.slice, twin.slice, depth)
    else:
        expect(twin.slice, ast.Tuple)
        items = [_index(e.slice, t, depth + 1) for e, t in paired(elements, twin.slice.elts)]
        index = f.Display("tuple", tuple(items))
    return f.Item(descend(node.value, twin.value, depth), index, twin.lineno)


def _index(node: cst.BaseSlice, twin: Any, depth: int) -> f.Expr:
    if isinstance(node, cst.Index):
        if node.star:
            expect(twin, ast.Starred)
            return f.Starred(descend(node.value, twin.value, depth + 1))
        return descend(node.value, twin, depth)
    expect(twin, ast.Slice)
    if depth > MAX_DEPTH:
        return TOO_DEEP
    depth += 1
    assert isinstance(node, cst.Slice)
    lower_ = descend_optional(node.lower, twin.lower, depth)
    return f.Slice(lower_, descend_optional(node.upper, twin.upper, depth), descend_optional(node.step, twin.step, depth))


def _call(node: cst.Call, twin: Any, depth: int) -> f.Expr:
    expect(twin, ast.Call)
    func = descend(node.func, twin.func, depth)
    if not node.args:
        return f.Call(func, (), (), twin.lineno, twin.col_offset)
    positional, named = iter(twin.args), iter(twin.keywords)
    args: list[f.Expr] = []
    keywords: list[f.Keyword] = []
    try:
        for arg in node.args:
            if arg.keyword is not None or arg.star == "**":
                keyword = next(named)
                keywords.append(f.Keyword(keyword.arg, descend(arg.value, keyword.value, depth)))
            elif arg.star:
                args.append(_star(arg.value, next(positional), depth))
            else:
                args.append(descend(arg.value, next(positional), depth))
    except StopIteration:
        raise MismatchError from None
    return f.Call(func, tuple(args), tuple(keywords), twin.lineno, twin.col_offset)


def _star(value: cst.CSTNode, twin: Any, depth: int) -> f.Expr:
    expect(twin, ast.Starred)
    return TOO_DEEP if depth > MAX_DEPTH else f.Starred(descend(value, twin.value, depth + 1))


def _await(node: cst.Await, twin: Any, depth: int) -> f.Expr:
    expect(twin, ast.Await)
    return f.Await(descend(node.expression, twin.value, depth), twin.lineno)


def _binary(node: cst.BinaryOperation, twin: Any, depth: int) -> f.Expr:
    expect(twin, ast.BinOp)
    left = descend(node.left, twin.left, depth)
    return f.Binary(OPERATORS[type(twin.op)], left, descend(node.right, twin.right, depth))


def _compare(node: cst.Comparison, twin: Any, depth: int) -> f.Expr:
    expect(twin, ast.Compare)
    ops = tuple([OPERATORS[type(op)] for op in twin.ops])
    left = descend(node.left, twin.left, depth)
    return f.Compare(left, ops, tuple([descend(c.comparator, t, depth) for c, t in paired(node.comparisons, twin.comparators)]))


def _boolean(node: cst.BooleanOperation, twin: Any, depth: int) -> f.Expr:
    """libcst nests `a and b and c` to the left, `ast` keeps one list."""
    expect(twin, ast.BoolOp)
    operator = type(node.operator)
    operands: list[cst.BaseExpression] = [node.right]
    left = node.left
    while isinstance(left, cst.BooleanOperation) and type(left.operator) is operator and not left.lpar:
        operands.append(left.right)
        left = left.left
    operands.append(left)
    operands.reverse()
    values = tuple([descend(o, t, depth) for o, t in paired(operands, twin.values)])
    return f.Boolean("and" if operator is cst.And else "or", values)


def _unary(node: cst.UnaryOperation, twin: Any, depth: int) -> f.Expr:
    expect(twin, ast.UnaryOp)
    return unary(OPERATORS[type(twin.op)], descend(node.expression, twin.operand, depth))


def _choice(node: cst.IfExp, twin: Any, depth: int) -> f.Expr:
    expect(twin, ast.IfExp)
    test = descend(node.test, twin.test, depth)
    return f.Choice(test, descend(node.body, twin.body, depth), descend(node.orelse, twin.orelse, depth))


def _display(kind: Literal["tuple", "list", "set"]) -> Callable[[Any, Any, int], f.Expr]:
    def display(node: Any, twin: Any, depth: int) -> f.Expr:
        if len(node.elements) > MAX_ITEMS:
            return TOO_LONG
        items = [
            _star(e.value, t, depth) if type(e) is cst.StarredElement else descend(e.value, t, depth)
            for e, t in paired(node.elements, twin.elts)
        ]
        return f.Display(kind, tuple(items))

    return display


def _mapping(node: cst.Dict, twin: Any, depth: int) -> f.Expr:
    expect(twin, ast.Dict)
    if len(node.elements) > MAX_ITEMS:
        return TOO_LONG
    items: list[tuple[f.Expr | None, f.Expr]] = []
    for element, (key, value) in paired(node.elements, list(zip(twin.keys, twin.values, strict=True))):
        made = descend(element.key, key, depth) if isinstance(element, cst.DictElement) else None
        items.append((made, descend(element.value, value, depth)))
    return f.Mapping(tuple(items))


def _lambda(node: cst.Lambda, twin: Any, depth: int) -> f.Expr:
    expect(twin, ast.Lambda)
    return f.Lambda(parameters(twin.args, depth), descend(node.body, twin.body, depth), twin.lineno)


def _comprehension(kind: Literal["list", "set", "generator"]) -> Callable[[Any, Any, int], f.Expr]:
    def comprehension(node: Any, twin: Any, depth: int) -> f.Expr:
        return f.Comprehension(kind, descend(node.elt, twin.elt, depth), None, _clauses(node.for_in, twin.generators, depth))

    return comprehension


def _dict_comprehension(node: cst.DictComp, twin: Any, depth: int) -> f.Expr:
    expect(twin, ast.DictComp)
    key = descend(node.key, twin.key, depth)
    return f.Comprehension("dict", key, descend(node.value, twin.value, depth), _clauses(node.for_in, twin.generators, depth))


def _clauses(node: cst.CompFor | None, twins: list[ast.comprehension], depth: int) -> tuple[f.Clause, ...]:
    made: list[f.Clause] = []
    for twin in twins:
        if node is None:
            raise MismatchError
        conditions = tuple([descend(c.test, t, depth) for c, t in paired(node.ifs, twin.ifs)])
        target, iterable = descend(node.target, twin.target, depth), descend(node.iter, twin.iter, depth)
        made.append(f.Clause(target, iterable, conditions, node.asynchronous is not None))
        node = node.inner_for_in
    return tuple(made)


def _walrus(node: cst.NamedExpr, twin: Any, depth: int) -> f.Expr:
    expect(twin, ast.NamedExpr)
    return f.Walrus(twin.target.id, descend(node.value, twin.value, depth))


def _yield(node: cst.Yield, twin: Any, depth: int) -> f.Expr:
    if isinstance(node.value, cst.From):
        expect(twin, ast.YieldFrom)
        return f.Yield(descend(node.value.item, twin.value, depth), True, twin.lineno)
    expect(twin, ast.Yield)
    return f.Yield(descend_optional(node.value, twin.value, depth), False, twin.lineno)


_HANDLERS: dict[type[cst.CSTNode], Callable[[Any, Any, int], f.Expr]] = {
    cst.Name: _name,
    cst.Integer: _same,
    cst.Float: _same,
    cst.Imaginary: _same,
    cst.Ellipsis: _same,
    cst.SimpleString: _same,
    cst.ConcatenatedString: _same,
    cst.FormattedString: _same,
    cst.Attribute: _attribute,
    cst.Subscript: _subscript,
    cst.Call: _call,
    cst.Await: _await,
    cst.BinaryOperation: _binary,
    cst.Comparison: _compare,
    cst.BooleanOperation: _boolean,
    cst.UnaryOperation: _unary,
    cst.IfExp: _choice,
    cst.Tuple: _display("tuple"),
    cst.List: _display("list"),
    cst.Set: _display("set"),
    cst.Dict: _mapping,
    cst.Lambda: _lambda,
    cst.ListComp: _comprehension("list"),
    cst.SetComp: _comprehension("set"),
    cst.GeneratorExp: _comprehension("generator"),
    cst.DictComp: _dict_comprehension,
    cst.NamedExpr: _walrus,
    cst.Yield: _yield,
}
