"""What a file defines, as the index lists it."""

from __future__ import annotations

from toolaudit.facts import Attr, Call, Const, Display, Field, Keyword, Name, Other


def index(project, source):
    return project({"m.py": source}).index("m.py")


def test_module_level_names_in_order_also_under_conditions(project):
    made = index(project, """
        import os
        a: int = 1
        b: str
        if os.name == "nt":
            c = d = 2
        else:
            c = 3
        try:
            import fast
        except ImportError:
            fast = None
        with open("x") as e, other() as (f, g):
            h = e
        for i in range(3):
            j = i
        while True:
            k = 1
        match a:
            case 1:
                l = 1
        def not_here():
            m = 1
        class NorHere:
            n = 1
        """)  # fmt: skip
    names = [target.id if isinstance(target, Name) else "+".join(i.id for i in target.items) for a in made.assigns for target in a.targets]
    assert names == ["a", "b", "c", "d", "c", "fast", "e", "f+g", "h", "j", "k", "l"]
    assert made.assigns[0].annotation == Name("int", 3)
    assert made.assigns[1].value is None
    assert [(b.name, b.line) for b in made.imports] == [("os", 2), ("fast", 10)]


def test_imports_for_type_checkers_count(project):
    made = index(project, """
        from typing import TYPE_CHECKING
        if TYPE_CHECKING:
            from pkg import Type
        else:
            from pkg import *
        """)  # fmt: skip
    assert [(b.name, b.module, b.attribute) for b in made.imports] == [
        ("TYPE_CHECKING", "typing", "TYPE_CHECKING"), ("Type", "pkg", "Type"), ("*", "pkg", "*"),
    ]  # fmt: skip


def test_a_class(project):
    made = index(project, '''
        @register
        class Tool(Base, generic[int], metaclass=Meta, key=1):
            """What it does."""
            name: str = "tool"
            count = other = 0
            declared: int
            if SOMETHING:
                extra = 1
            self.x = 2
            class Args:
                path: str
            def run(self): pass
        ''')  # fmt: skip
    tool, args = made.classes
    assert (tool.qualname, tool.docstring, tool.start, tool.line, tool.end) == ("Tool", "What it does.", 2, 3, 13)
    assert tool.decorators == (Name("register", 2),)
    assert [type(b).__name__ for b in tool.bases] == ["Name", "Item"]
    assert tool.keywords == (Keyword("metaclass", Name("Meta", 3)), Keyword("key", Const(1)))
    assert tool.fields[0] == Field("name", Name("str", 5), Const("tool"), 5)
    assert [f.name for f in tool.fields] == ["name", "count", "other", "declared", "extra"]
    assert (args.qualname, args.nested_in, args.fields) == ("Tool.Args", None, (Field("path", Name("str", 12), None, 12),))
    assert [(f.qualname, f.owner, f.nested_in) for f in made.functions] == [("Tool.run", "Tool", None)]


def test_nested_definitions_know_where_they_stand(project):
    made = index(project, """
        def outer():
            with x:
                async def inner():
                    class K:
                        def m(self): pass
            if y:
                def inner(): pass
        """)  # fmt: skip
    assert [(f.qualname, f.owner, f.nested_in, f.is_async) for f in made.functions] == [
        ("outer", None, None, False), ("outer.inner", None, "outer", True), ("outer.inner.K.m", "outer.inner.K", "outer.inner", False),
        ("outer.inner", None, "outer", False),
    ]  # fmt: skip
    assert [(c.qualname, c.nested_in) for c in made.classes] == [("outer.inner.K", "outer.inner")]


def test_exported_names(project):
    assert index(project, "x = 1\n").exported is None
    assert index(project, "__all__ = ['a', 'b']\n").exported == ("a", "b")
    assert index(project, "__all__ = ('a',)\n").exported == ("a",)
    assert index(project, "__all__ = ['a', *other]\n").exported is None


def test_a_table_of_data_is_not_described(project):
    made = index(project, f"small = [1, 2]\nlarge = [{'1, ' * 5000}]\ntable = {{{'1: 2, ' * 5000}}}\n")
    assert [type(a.value) for a in made.assigns] == [Display, Other, Other]


def test_an_expression_nested_too_deeply_is_cut(project):
    made = index(project, "x = a" + ".b" * 200 + "\ny = a" + ".b" * 50 + "()\n")
    inner = made.assigns[0].value
    while isinstance(inner, Attr):
        inner = inner.value
    assert isinstance(inner, Other)
    assert isinstance(made.assigns[1].value, Call)


def test_lines_of_a_file(project):
    assert [index(project, text).lines for text in ("", "x", "x\n", "x\ny", "x\n\n")] == [0, 1, 1, 2, 2]
