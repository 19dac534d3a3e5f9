"""Laws: the two parsers' lowerings agree, positions agree with `ast`, on generated programs and on the standard library."""

from __future__ import annotations

import ast
import random
import sysconfig
import warnings
from pathlib import Path

import libcst
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from toolaudit.facts import Call, Evaluate, FunctionFacts, ModuleIndex, Name
from toolaudit.project import open_project
from toolaudit.project.descent import descend
from toolaudit.project.extract import extract
from toolaudit.project.lowering import lower
from toolaudit.project.slices import Slice

# --- generated expressions -------------------------------------------------------------------------------------------

ATOMS = [
    "a", "bb", "ü", "1", "0x1F", "1_000", "1.5", "2j", "10 ** 30", "None", "True", "...", "'s'", "b'y'", "r'\\d'", "'x' \"y\"", "f'{a}'", "f''",
    "f'{a!r:>{bb}}{{'", "'p' f'{a.b[0](1)}' 'q'", "'''m\nn'''", "[]", "()", "{}",
]  # fmt: skip

SHAPES = [
    "({0})", "({0}, )", "({0}, {1})", "[{0}, *{1}]", "{{{0}, {1}}}", "{{{0}: {1}, **{2}}}", "({0}).attr", "({0})[{1}]", "({0})[{1}:]", "({0})[::{1}, {2}]",
    "({0})[{1},]", "({0})[*{1}]", "({0})()", "({0})({1}, *{2}, k={0}, **{1})", "({0})(\n  {1},\n  k={2},\n)", "({0})(x for x in {1})", "-{0}", "not {0}", "~{0}",
    "({0}) + {1}", "({0}) ** ({1})", "({0}) // {1} @ ({2})", "({0}) < ({1}) != ({2})", "({0}) in ({1})", "({0}) is not ({1})", "({0}) and ({1}) and ({2})",
    "(({0}) or ({1})) or ({2})", "({0}) and (({1}) and ({2}))", "({0}) if ({1}) else ({2})", "lambda: {0}", "(lambda p, /, q={0}, *r, s={1}, **t: {2})",
    "[x for x in {0} if {1} for y in {2}]", "{{x: {0} for x, (y, *z) in {1}}}", "{{{0} async for x in {1}}}", "(x := {0})", "(await {0})", "(yield {0})", "(yield from {0})",
    "f'{{({0})}}'" ,
]  # fmt: skip


def _fill(shape: str, parts: tuple[str, str, str]) -> str:
    return shape.format(*parts)


EXPRESSIONS = st.recursive(
    st.sampled_from(ATOMS),
    lambda inner: st.builds(_fill, st.sampled_from(SHAPES), st.tuples(inner, inner, inner)),
    max_leaves=12,
)


def valid(source: str) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
            compile(tree, "m", "exec")
    except (SyntaxError, ValueError):
        return None
    return tree


@settings(max_examples=400, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(EXPRESSIONS)
def test_both_lowerings_of_an_expression_agree(source):
    text = f"async def f():\n  ({source})\n"
    tree = valid(text)
    if tree is None:
        return
    twin = tree.body[0].body[0].value
    try:
        node = libcst.parse_module(text).body[0].body.body[0].body[0].value
    except libcst.ParserSyntaxError:
        return
    made = descend(node, twin)
    assert made == lower(twin)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(Evaluate(made, 1)), type=Evaluate).value == made


def test_the_generator_reaches_most_shapes():
    """Were most of what it makes invalid, the law above would hold of nothing."""
    kinds: set[str] = set()
    total = good = 0

    @settings(max_examples=300, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(EXPRESSIONS)
    def collect(source):
        nonlocal total, good
        total += 1
        tree = valid(f"async def f():\n  ({source})\n")
        if tree is not None:
            good += 1
            kinds.update(type(n).__name__ for n in ast.walk(tree))

    collect()
    assert good / total > 0.6
    assert {"Call", "Lambda", "JoinedStr", "DictComp", "NamedExpr", "Await", "BoolOp", "Slice", "Starred", "IfExp", "Compare"} <= kinds


# --- generated programs ----------------------------------------------------------------------------------------------

BLOCKS = [
    "if {e}:\n{b}\nelif {e}:\n{b}\nelse:\n{b}", "while {e}:\n{b}\nelse:\n  break_ = 1", "for x, *y in {e}:\n{b}", "async for x in {e}:\n{b}",
    "with {e} as x, {e}:\n{b}", "async with ({e} as x):\n{b}", "try:\n{b}\nexcept ({e}) as err:\n{b}\nelse:\n{b}\nfinally:\n{b}", "try:\n{b}\nexcept* E:\n{b}",
    "match {e}:\n  case [1, *_] | {{'k': v, **r}} if {e}:\n{bb}\n  case C(1, k=None) as q:\n{bb}\n  case _: pass",
    "@deco({e})\ndef g(a: {e} = {e}, *args, **kw) -> {e}:\n{b}", "class K({e}, metaclass={e}):\n  field: {e} = {e}\n{b}",
]  # fmt: skip
LINES = [
    "{e}", "x = y = {e}", "x, (y, *z) = {e}", "x: {e}", "x: {e} = {e}", "x.a[{e}] += {e}", "del x, y[{e}]", "del (x, y)", "return {e}", "return", "raise", "raise {e} from {e}",
    "assert {e}, {e}", "pass", "import a.b, c as d", "from . import x as y", "from ..a.b import (c,\n  d)", "a; b = {e}; c()", "'doc'", "# comment", "global GG",
]  # fmt: skip


@st.composite
def programs(draw, level=0):
    lines: list[str] = []
    for _ in range(draw(st.integers(1, 3))):
        block = level < 2 and draw(st.booleans())
        shape = draw(st.sampled_from(BLOCKS if block else LINES))
        while "{e}" in shape:
            shape = shape.replace("{e}", "(" + draw(EXPRESSIONS).replace("{", "\0").replace("}", "\1") + ")", 1)
        for hole, indent in (("{bb}", "    "), ("{b}", "  ")):
            while hole in shape:
                body = draw(programs(level + 1)).replace("{", "\0").replace("}", "\1")
                shape = shape.replace(hole, "\n".join(indent + line for line in [*body.split("\n"), "pass"]), 1)
        lines.append(shape.replace("{{", "{").replace("}}", "}").replace("\0", "{").replace("\1", "}"))
    return "\n".join(lines)


@settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(programs())
def test_facts_of_a_function_agree_with_its_ast(body):
    text = "async def f():\n" + "".join(f"  {line}\n" for line in [*body.split("\n"), "pass"])
    tree = valid(text)
    if tree is None:
        return
    try:
        libcst.parse_module(text)
    except libcst.ParserSyntaxError:
        return
    facts = extract(Slice("f", text, 1, "", "pkg"))
    assert facts == extract(Slice("f", text, 1, "", "pkg", closely=True))
    assert calls_of_facts(facts) == calls_of_ast(tree.body[0])
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(facts), type=FunctionFacts) == facts


def calls_of_ast(tree: ast.AST) -> list[tuple[int, int]]:
    """Line and column of every call; a class pattern of `match` is one too."""
    inner = [n for n in ast.walk(tree) if isinstance(n, ast.Call | ast.MatchClass)]
    left_out = {n for c in ast.walk(tree) if isinstance(c, ast.ClassDef) for k in (*c.keywords, *c.decorator_list) for n in ast.walk(k)}
    left_out |= {n for a in ast.walk(tree) if isinstance(a, ast.Assert) and a.msg for n in ast.walk(a.msg)}
    left_out |= {n for j in ast.walk(tree) if isinstance(j, ast.FormattedValue) and j.format_spec for n in ast.walk(j.format_spec)}
    return sorted((n.lineno, n.col_offset) for n in inner if n not in left_out)


def calls_of_facts(facts: object) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    stack = [facts]
    while stack:
        node = stack.pop()
        if isinstance(node, Call):
            found.append((node.line, node.col))
        if isinstance(node, tuple):
            stack.extend(node)
        elif isinstance(node, msgspec.Struct):
            stack.extend(getattr(node, name) for name in node.__struct_fields__)
    return sorted(found)


# --- real programs ---------------------------------------------------------------------------------------------------


def sample(count: int) -> list[Path]:
    library = Path(sysconfig.get_paths()["stdlib"])
    files = sorted([*library.glob("*.py"), *library.glob("asyncio/*.py"), *library.glob("json/*.py"), *library.glob("test/test_*.py")])
    return random.Random(7).sample(files, count)


def test_the_standard_library():
    """Every function of a sample is read; every call and name stands where `ast` says."""
    checked = 0
    for file in sample(25):
        with open_project([file], {}, max_bytes=10**7) as project:
            (path,) = project.files
            index = project.index(path)
            assert isinstance(index, ModuleIndex)
            tree = ast.parse(file.read_bytes())
            for node in definitions(tree):
                facts = project.facts(path, next(h.qualname for h in index.functions if h.line == node.lineno))
                if facts is not None and facts.line == node.lineno:
                    assert calls_of_facts(facts) == calls_of_ast(node), f"{path}:{node.lineno}"
                    checked += 1
            assert project.unreadable == ()
    assert checked > 250


def definitions(tree: ast.AST) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Functions and methods that are not inside another function."""
    found: list[ast.FunctionDef | ast.AsyncFunctionDef] = []
    stack: list[ast.AST] = [tree]
    while stack:
        for node in ast.iter_child_nodes(stack.pop()):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                found.append(node)
            else:
                stack.append(node)
    return found


@pytest.mark.parametrize("seed", range(5))
def test_whole_generated_modules(seed):
    codegen = pytest.importorskip("pysource_codegen")
    text = codegen.generate(seed, node_limit=400, depth_limit=7)
    tree = valid(text)
    if tree is None:
        return
    try:
        libcst.parse_module(text)
    except Exception:  # what libcst itself cannot read is another test's matter
        return
    assert extract(Slice("<module>", text, 1, "", "")) == extract(Slice("<module>", text, 1, "", "", closely=True))


def test_names_keep_their_lines():
    facts = extract(Slice("f", "def f():\n    return [\n        a,\n        b\n    ]\n", 10, "", ""))
    assert facts.body[0].value.items == (Name("a", 12), Name("b", 13))
