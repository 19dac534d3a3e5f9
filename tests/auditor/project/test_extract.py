"""Source → facts: each statement and expression form, as the later rooms rely on it."""

from __future__ import annotations

import pytest

from toolaudit.facts import (
    Assert,
    Assign,
    Attr,
    Augment,
    Await,
    Binary,
    Binding,
    Boolean,
    Call,
    Case,
    Choice,
    Clause,
    Compare,
    Comprehension,
    Const,
    Define,
    DefineClass,
    Delete,
    Display,
    Evaluate,
    For,
    Handler,
    If,
    Import,
    Item,
    Jump,
    Keyword,
    Lambda,
    Mapping,
    Match,
    Name,
    Other,
    Parameter,
    Pragma,
    Raise,
    Return,
    Scope,
    Slice,
    Starred,
    Template,
    Try,
    Unary,
    Walrus,
    While,
    With,
    Yield,
)  # fmt: skip


def body(project, source):
    """The body of `f`, whose first statement stands on line 2."""
    text = "async def f(a, b, c):\n" + "".join(f"    {line}\n" for line in source.splitlines())
    return project({"m.py": text}).facts("m.py", "f").body


def n(name, line=2):
    return Name(name, line)


EXPRESSIONS = {
    "a": n("a"),
    "(a)": n("a"),
    "1": Const(1),
    "-1": Const(-1),
    "-1.5": Const(-1.5),
    "+1": Const(1),
    "-a": Unary("-", n("a")),
    "not a": Unary("not", n("a")),
    "None": Const(None),
    "True": Const(True),
    "'x' 'y'": Const("xy"),
    "b'x'": Other("bytes"),
    "1j": Other("complex"),
    "99999999999999999999": Other("int"),
    "...": None,
    "'\\ud800'": None,
    "a.b.c": Attr(Attr(n("a"), "b", 2), "c", 2),
    "a[1]": Item(n("a"), Const(1), 2),
    "a[1:]": Item(n("a"), Slice(Const(1)), 2),
    "a[::2, b]": Item(n("a"), Display("tuple", (Slice(step=Const(2)), n("b"))), 2),
    "a[b,]": Item(n("a"), Display("tuple", (n("b"),)), 2),
    "a[*b]": Item(n("a"), Display("tuple", (Starred(n("b")),)), 2),
    "a(b, *c, x=1, **b)": Call(n("a"), (n("b"), Starred(n("c"))), (Keyword("x", Const(1)), Keyword(None, n("b"))), 2, 4),
    "a(x for x in b)": Call(n("a"), (Comprehension("generator", n("x"), None, (Clause(n("x"), n("b")),)),), (), 2, 4),
    "await a": Await(n("a"), 2),
    "f'{a}/x{b!r:>{c}}'": Template((n("a"), Const("/x"), n("b"))),
    "'p' f'{a}'": Template((Const("p"), n("a"))),
    "f'x'": Const("x"),
    "f''": Const(""),
    "a + b * c": Binary("+", n("a"), Binary("*", n("b"), n("c"))),
    "a < b not in c is not a": Compare(n("a"), ("<", "not in", "is not"), (n("b"), n("c"), n("a"))),
    "a and b and c or a": Boolean("or", (Boolean("and", (n("a"), n("b"), n("c"))), n("a"))),
    "(a and b) and c": Boolean("and", (Boolean("and", (n("a"), n("b"))), n("c"))),
    "a if b else c": Choice(n("b"), n("a"), n("c")),
    "(a, *b)": Display("tuple", (n("a"), Starred(n("b")))),
    "[a]": Display("list", (n("a"),)),
    "{a}": Display("set", (n("a"),)),
    "{a: 1, **b}": Mapping(((n("a"), Const(1)), (None, n("b")))),
    "lambda x, *y, z=1: x": Lambda((Parameter("x"), Parameter("y", "vararg"), Parameter("z", "keyword", None, Const(1))), n("x"), 2),
    "[x async for x in a if b if c]": Comprehension("list", n("x"), None, (Clause(n("x"), n("a"), (n("b"), n("c")), True),)),
    "{x for x in a for y in b}": Comprehension("set", n("x"), None, (Clause(n("x"), n("a")), Clause(n("y"), n("b")))),
    "{x: 1 for x in a}": Comprehension("dict", n("x"), Const(1), (Clause(n("x"), n("a")),)),
    "(x := a)": Walrus("x", n("a")),
    "(yield a)": Yield(n("a"), False, 2),
    "(yield)": Yield(None, False, 2),
}  # fmt: skip


@pytest.mark.parametrize("source", [s for s, e in EXPRESSIONS.items() if e is not None])
def test_expressions(project, source):
    (statement,) = body(project, f"_ = {source}".replace("_ = await", "_ = await"))
    expected = EXPRESSIONS[source]
    made = statement.value
    if isinstance(expected, Call):
        assert (made.line, made.col) == (2, 8)
        made = Call(made.func, made.args, made.keywords, 2, 4)
    assert made == expected


def test_the_index_lowers_module_level_expressions_alike(project):
    sources = [s for s, e in EXPRESSIONS.items() if e is not None and "await" not in s and "async" not in s and "yield" not in s]
    opened = project({"m.py": "\n".join(f"_ = {s}" for s in sources) + "\n"})
    assert [a.value for a in opened.index("m.py").assigns] == [s.value for s in opened.facts("m.py", "<module>").body]


STATEMENTS = {
    "a = b = 1": (Assign((n("a"), n("b")), Const(1), 2),),
    "a: int = 1": (Assign((n("a"),), Const(1), 2, n("int")),),
    "a: int": (Assign((n("a"),), None, 2, n("int")),),
    "a.b += 1; a[0] = 1": (Augment(Attr(n("a"), "b", 2), "+", Const(1), 2), Assign((Item(n("a"), Const(0), 2),), Const(1), 2)),
    "del a, b[0]": (Delete((n("a"), Item(n("b"), Const(0), 2)), 2),),
    "del (a, b)": (Delete((Display("tuple", (n("a"), n("b"))),), 2),),
    "a()": (Evaluate(Call(n("a"), (), (), 2, 4), 2),),
    "'docstring'": (),
    "...": (),
    "return": (Return(None, 2),),
    "return a": (Return(n("a"), 2),),
    "raise": (Raise(None, None, 2),),
    "raise a from b": (Raise(n("a"), n("b"), 2),),
    "assert a, b": (Assert(n("a"), 2),),
    "global G, H": (Scope("global", ("G", "H"), 2),),
    "pass": (Jump("pass", 2),),
    "import os.path, json as j": (
        Import((Binding("os", "os", None, 2), Binding("os.path", "os.path", None, 2), Binding("j", "json", None, 2)), 2),),
    "from a.b import c as d, e": (Import((Binding("d", "a.b", "c", 2), Binding("e", "a.b", "e", 2)), 2),),
    "if a: pass\nelif b: pass\nelse: pass": (
        If(n("a"), (Jump("pass", 2),), (If(n("b", 3), (Jump("pass", 3),), (Jump("pass", 4),), 3),), 2),),
    "while a:\n    break\nelse:\n    pass": (While(n("a"), (Jump("break", 3),), (Jump("pass", 5),), 2),),
    "for a, b in c: continue": (For(Display("tuple", (n("a"), n("b"))), n("c"), (Jump("continue", 2),), (), 2),),
    "async for a in c: pass": (For(n("a"), n("c"), (Jump("pass", 2),), (), 2, True),),
    "with a as b, c: pass": (With(((n("a"), n("b")), (n("c"), None)), (Jump("pass", 2),), 2),),
    "async with (a as b): pass": (With(((n("a"), n("b")),), (Jump("pass", 2),), 2, True),),
    "try: a\nexcept (b, c) as e: pass\nexcept: pass\nelse: pass\nfinally: pass": (
        Try((Evaluate(n("a"), 2),),
            (Handler(Display("tuple", (n("b", 3), n("c", 3))), "e", (Jump("pass", 3),), 3), Handler(None, None, (Jump("pass", 4),), 4)),
            (Jump("pass", 5),), (Jump("pass", 6),), 2),),
    "try: a\nexcept* b: pass": (Try((Evaluate(n("a"), 2),), (Handler(n("b", 3), None, (Jump("pass", 3),), 3),), (), (), 2),),
    "match a:\n    case 1 | 'x': pass\n    case C.D(x, y=2): pass\n"
    "    case {'k': v, **r} if b: pass\n    case [x, *_] as q: pass\n    case None: pass\n    case _: pass": (
        Match(n("a"), (
            Case(Display("or", (Const(1), Const("x"))), None, (Jump("pass", 3),), 3),
            Case(Call(Attr(n("C", 4), "D", 4), (n("x", 4),), (Keyword("y", Const(2)),), 4, 13), None, (Jump("pass", 4),), 4),
            Case(Mapping(((Const("k"), n("v", 5)), (None, n("r", 5)))), n("b", 5), (Jump("pass", 5),), 5),
            Case(Walrus("q", Display("list", (n("x", 6), Starred(n("_", 6))))), None, (Jump("pass", 6),), 6),
            Case(Const(None), None, (Jump("pass", 7),), 7),
            Case(n("_", 8), None, (Jump("pass", 8),), 8)), 2),),
}  # fmt: skip


@pytest.mark.parametrize("source", STATEMENTS)
def test_statements(project, source):
    assert body(project, source) == STATEMENTS[source]


def test_functions_and_classes_inside_a_function(project):
    opened = project({"m.py": """
        class A:
            def outer(self):
                nonlocal_ = 0
                def inner(x: int = 1) -> str:
                    nonlocal nonlocal_
                    yield x
                class K(Base):
                    def m(self): return self
                return inner
        """})  # fmt: skip
    outer = opened.facts("m.py", "A.outer")
    assert [type(s) for s in outer.body] == [Assign, Define, DefineClass, Return]
    assert outer.body[1].function == opened.facts("m.py", "A.outer.inner")
    assert opened.facts("m.py", "A.outer.inner").is_generator
    assert not outer.is_generator
    assert opened.facts("m.py", "A.outer.K.m").line == 9
    assert outer.body[2].bases == (Name("Base", 8),)


def test_heads_and_facts_agree(project):
    opened = project({"m.py": """
        import functools

        class A:
            @functools.cache
            @b(1)
            async def f(
                self, /, x: int = 1, *args: str, key: bool, **rest
            ) -> list[int]:
                '''Doc.'''
                return [1]
        """})  # fmt: skip
    (head,) = opened.index("m.py").functions
    facts = opened.facts("m.py", "A.f")
    assert (head.parameters, head.decorators, head.returns, head.line) == (facts.parameters, facts.decorators, facts.returns, facts.line)
    assert (head.start, head.line, head.end, head.owner, head.docstring) == (5, 7, 11, "A", "Doc.")
    assert head.is_async
    assert facts.is_async
    assert [p.kind for p in head.parameters] == ["positional", "normal", "vararg", "keyword", "kwarg"]
    assert facts.body == (Return(Display("list", (Const(1),)), 11),)


def test_a_slice_keeps_the_lines_of_its_file(project):
    opened = project({"m.py": "\n\nx = '''\n'''\nclass A:\n\n  class B:\n    def f(self):\n      x = '''\n'''\n      g(\n         1)(2)\n"})
    _, second = opened.facts("m.py", "A.B.f").body
    assert (second.value.line, second.value.func.line, second.value.func.col) == (11, 11, 6)


def test_module_code_leaves_functions_and_classes_to_the_index(project):
    opened = project({"m.py": """
        import os
        x = make(1)
        def f():
            return 1
        try:
            import fast
        except ImportError:
            @deco
            def fast():
                pass
        class A:
            y = make(2)
        register(f)
        """})  # fmt: skip
    facts = opened.facts("m.py", "<module>")
    assert [(type(s).__name__, s.line) for s in facts.body] == [("Import", 2), ("Assign", 3), ("Try", 6), ("Evaluate", 14)]
    assert facts.body[2].handlers[0].body == ()


def test_of_several_definitions_the_last_counts_but_no_overload_and_no_setter(project):
    opened = project({"m.py": """
        from typing import overload
        def f(): return 1
        def f(): return 2
        @overload
        def f(a): ...
        class A:
            @property
            def p(self): return 3
            @p.setter
            def p(self, value): self.x = value
        """})  # fmt: skip
    assert opened.facts("m.py", "f").body == (Return(Const(2), 4),)
    assert opened.facts("m.py", "A.p").body == (Return(Const(3), 9),)


def test_pragmas_are_comments_never_strings(project):
    opened = project({"m.py": """
        # toolaudit: ignore[last-writer-wins] whole file
        def f():
            x = "# toolaudit: ignore[no]"
            y = (1,  #toolaudit:  ignore[lost-update]  guarded outside
                 2)
            def inner():
                pass  # toolaudit: ignore[stale-read]
        """})  # fmt: skip
    assert opened.facts("m.py", "f").pragmas == (Pragma(5, "ignore[lost-update]  guarded outside"), Pragma(8, "ignore[stale-read]"))
    assert opened.facts("m.py", "f.inner").pragmas == (Pragma(8, "ignore[stale-read]"),)
    assert [p.line for p in opened.index("m.py").pragmas] == [2, 5, 8]


def test_what_is_not_there_has_no_facts(project):
    opened = project({"m.py": "x = 1\n"})
    assert opened.facts("m.py", "f") is None
    assert opened.facts("gone.py", "f") is None
    assert opened.index("gone.py") is None
    assert opened.unreadable == ()


def test_lines(project):
    opened = project({"m.py": "a\r\n\x0cb\rc"})
    assert [opened.line("m.py", i) for i in range(5)] == ["", "a", "\x0cb", "c", ""]


def test_a_long_elif_chain_is_kept_within_bounds(project):
    source = "def f(a):\n    if a == 0: pass\n" + "".join(f"    elif a == {i}: g({i})\n" for i in range(1, 400)) + "    else: last()\n"
    facts = project({"m.py": source}).facts("m.py", "f")
    calls, deepest, stack = 0, 0, [(s, 1) for s in facts.body]
    while stack:
        statement, level = stack.pop()
        deepest = max(deepest, level)
        calls += isinstance(statement, Evaluate)
        stack += [(s, level + 1) for s in (*getattr(statement, "body", ()), *getattr(statement, "orelse", ()))]
    assert calls == 400
    assert deepest < 60
