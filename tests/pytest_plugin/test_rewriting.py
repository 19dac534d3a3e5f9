"""Instrumented code does what the plain code does, inside and outside a batch, and every shared access is a point."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import sys
import textwrap
import traceback
import types
from pathlib import Path
from typing import Any

import pytest

from pytest_toolaudit import call, explore
from pytest_toolaudit.hooks import HOOKS
from pytest_toolaudit.rewrite import instrumented

# Each defines run() and may define globals; the result of run() is compared.
PROGRAMS = {
    "augmented": """
        class Box: pass
        B = Box(); B.n = 1; B.l = [1]
        D = {"k": [1]}; N = 1
        def run():
            global N
            alias, other = B.l, D["k"]
            B.n += 2; B.l += [2]; D["k"] += [3]; N += 4; N **= 2
            x = 1; x += 1
            B.l[0] -= 5; D["k"][-1] *= 2
            return B.n, B.l, D, N, alias is B.l, other is D["k"], x
        """,
    "order of evaluation": """
        LOG = []
        def note(x): LOG.append(x); return x
        class Box:
            def __repr__(self): return "box"
        def run():
            b = Box(); d = {}
            d[note("key")] = note("value")
            setattr(b, "a", 0)
            note(b).a = note("attr"); LOG[-1] = str(LOG[-1]); LOG[-2] = type(LOG[-2]).__name__
            note(d)[note("k2")] = note(1); LOG[-3] = "d"
            return LOG, d
        """,
    "targets": """
        class Box: pass
        G = None
        def run():
            global G
            b, d, l = Box(), {}, [0, 1, 2, 3]
            b.x, (d["y"], *b.rest), G = 1, (2, 3, 4), 5
            b.z = d["z"] = w = 6
            l[1:3] = [9]; l[0], l[-1] = l[-1], l[0]
            for b.i in range(3): pass
            for d["j"], G in [(1, 2)]: pass
            b.typed: int = 7
            plain: int = 8
            bare: int
            return vars(b), d, l, G, w, plain
        """,
    "deletion": """
        class Box: pass
        X = 1
        def run():
            global X
            b, d, l = Box(), {"a": 1, "b": 2}, [1, 2, 3]
            b.a = 1; c = 2
            del b.a, d["a"], l[0:2], c, X
            return vars(b), d, l, "X" in globals()
        """,
    "closures": """
        def make():
            n, m = 0, []
            def bump(k):
                nonlocal n
                n += k; m.append(n)
                def deeper():
                    nonlocal n
                    n = n * 2
                    return lambda: n
                return deeper()()
            return bump, lambda: (n, m)
        def run():
            bump, look = make()
            return [bump(1), bump(2)], look()
        """,
    "private names": """
        class Kit:
            __slots__ = ("__n", "_Kit__dict")
            def __init__(self): self.__n = 1; self.__dict = {}
            def step(self):
                self.__n += 1; self.__dict["a"] = self.__n
                del self.__dict["a"]
                return self.__n, self.__dict
            @property
            def n(self): return self.__n
            @classmethod
            def make(cls): return cls()
            @staticmethod
            def two(): return 2
        class Sub(Kit):
            def step(self): return super().step(), super(Sub, self).n, __class__.__name__
        def run(): return Sub.make().step(), Kit.two(), Kit().n
        """,
    "containers": """
        from collections import deque, OrderedDict, defaultdict, Counter
        L, D, S, Q = [3, 1, 2], {"a": 1}, {1}, deque([1])
        C, DD = Counter("aab"), defaultdict(list)
        def run():
            L.append(4); L.sort(); L.reverse(); x = L.pop(0); L.insert(0, x); L.extend([5]); L.remove(5)
            D.update(b=2); D.setdefault("c", 3); D.pop("a"); D.get("zz", 9)
            S.add(2); S.discard(1); S.update({7}); Q.appendleft(0); Q.rotate(1)
            C.update("b"); DD["x"].append(1)
            OrderedDict(a=1).move_to_end("a")
            return (L, D, sorted(S), list(Q), C.most_common(1), dict(DD), len(L), max(L), 3 in L, 9 not in D, [*L],
                    {**D}, sorted(D.items()), list(enumerate(L)), sum(L), any(L), str(D), f"{L!r:>20}", L[1:], L[::-1],
                    [v for k, v in D.items() if k in D], {k: v for k, v in D.items()}, tuple(x for x in L))
        """,
    "control flow": """
        import contextlib
        @contextlib.contextmanager
        def opened(x):
            yield x
        class Color: RED = 1
        def run():
            out = []
            with opened(1) as a, opened(2) as (b): out.append((a, b))
            with opened([3, 4]) as [c, d]: out.append(c + d)
            match {"kind": "a", "n": [1, 2]}:
                case {"kind": "a", "n": [first, *rest]} if first == Color.RED: out.append(rest)
                case _: out.append("no")
            match 1:
                case Color.RED: out.append("red")
            try:
                out["x"]
            except (TypeError, KeyError) as error: out.append(type(error).__name__)
            else: out.append("else")
            finally: out.append("finally")
            while (n := len(out)) < 8: out.append(n)
            for x in out:
                if x == "red": break
            else: out.append("never")
            assert out, out[0]
            return out, [y := 1, y ** 2], (lambda *a, **k: (a, k))(*[1], **{"z": 2})
        """,
    "generators": """
        def numbers(n):
            got = yield 0
            for i in range(n):
                yield i, got
            yield from "ab"
            return "end"
        def run():
            g = numbers(2)
            return next(g), g.send("hi"), list(g)
        """,
    "async": """
        import asyncio, contextlib
        class Src:
            def __aiter__(self): self.i = 0; return self
            async def __anext__(self):
                self.i += 1
                if self.i > 3: raise StopAsyncIteration
                return self.i
        @contextlib.asynccontextmanager
        async def opened(x):
            yield x
        async def gen():
            for i in range(2):
                await asyncio.sleep(0)
                yield i
        async def main():
            async with opened(1) as a: pass
            async with asyncio.Lock(): pass
            try:
                await asyncio.wait_for(asyncio.sleep(10), 0.01)
            except asyncio.TimeoutError: a = "timeout"
            got = await asyncio.gather(asyncio.sleep(0, "x"), asyncio.to_thread(len, "abc"))
            return a, [i async for i in Src()], [i async for i in gen()], got, await asyncio.sleep(0, 5)
        def run(): return asyncio.run(main())
        """,
    "dates": """
        import datetime as dt
        from datetime import datetime, date
        def run():
            utc = dt.datetime.now(dt.timezone.utc).tzname()
            return type(datetime.now()).__name__, type(date.today()).__name__, utc, isinstance(datetime.now(), dt.date)
        """,
    "nested class": """
        def run():
            seen = []
            class Inner:
                items = []
                def add(self, x): self.items.append(x); seen.append(x); return self
            Inner().add(1).add(2)
            return seen, Inner.items
        """,
    "locks": """
        import threading
        L, R, C = threading.Lock(), threading.RLock(), threading.Condition()
        S, E = threading.Semaphore(2), threading.Event()
        def run():
            with L: a = L.locked()
            with R, R: pass
            with C: C.notify_all()
            with S: pass
            got = L.acquire(timeout=1), L.acquire(False); L.release()
            E.set()
            return a, got, L.locked(), E.wait(1), E.is_set()
        """,
}  # fmt: skip


def build(text: str, name: str, with_hooks: bool) -> types.ModuleType:
    """A module made of the text, plain or instrumented."""
    module = types.ModuleType(name)
    module.__file__ = f"/nowhere/{name}.py"
    source = textwrap.dedent(text)
    code = compile(source, module.__file__, "exec")
    exec(code, vars(module))
    if with_hooks:
        exec(instrumented(source, module.__file__, vars(module), HOOKS, lambda m: False), vars(module))
    return module


@pytest.mark.parametrize("name", PROGRAMS)
def test_same_result(name: str) -> None:
    """Outside a batch hooks only do what the plain code does."""
    plain, rewritten = build(PROGRAMS[name], "plain", False), build(PROGRAMS[name], "rewritten", True)
    assert repr(rewritten.run()) == repr(plain.run())


@pytest.mark.parametrize("name", PROGRAMS)
def test_same_result_in_batch(name: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Inside a batch of one call the result is the plain one, and nothing is called racy."""
    file = tmp_path / "program_in_batch.py"
    file.write_text(textwrap.dedent(PROGRAMS[name]))
    spec = importlib.util.spec_from_file_location("program_in_batch", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "program_in_batch", module)
    spec.loader.exec_module(module)
    plain = repr(build(PROGRAMS[name], "plain", False).run())

    def result() -> str:
        return repr(module.run())

    verdict = explore([call(result)])
    assert verdict.kind == "independent", verdict.render()
    assert verdict.outcome.results == (("returned", plain),)


def test_lines_of_tracebacks() -> None:
    """A traceback names the line in the user's file, and hooks do not hide it."""
    text = "def run():\n    d = {}\n    x = 1\n    d['missing'].a = x\n"
    module = build(text, "rewritten", True)
    try:
        module.run()
    except KeyError as error:
        frames = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == "/nowhere/rewritten.py"]
        assert frames == [4]
    else:
        pytest.fail("no KeyError")


LIBRARY = {
    "textwrap": ("fill", ("word " * 40,)),
    "difflib": ("unified_diff", (["a", "b"], ["a", "c"])),
    "pprint": ("pformat", ({"a": [1] * 40},)),
    "statistics": ("quantiles", ([1, 2, 3, 4],)),
    "shlex": ("split", ("a 'b c' d",)),
    "string": ("capwords", ("a b c",)),
    "fnmatch": ("translate", ("*.py",)),
    "html": ("unescape", ("&lt;b&gt;",)),
    "graphlib": ("TopologicalSorter", ({"a": ["b"]},)),
    "calendar": ("month", (2024, 2)),
    "ast": ("dump", (__import__("ast").parse("x = 1"),)),
}


@pytest.mark.parametrize("name", LIBRARY)
def test_library(name: str) -> None:
    """Whole modules of the standard library, instrumented, give what the plain ones give."""
    function, arguments = LIBRARY[name]
    original = importlib.import_module(name)
    assert original.__file__ is not None
    spec = importlib.util.spec_from_file_location(f"copy_of_{name}", original.__file__)
    assert spec is not None
    assert spec.loader is not None
    copy = importlib.util.module_from_spec(spec)
    with open(original.__file__, encoding="utf-8") as file:  # noqa: PTH123
        source = file.read()
    sys.modules[copy.__name__] = copy
    try:
        spec.loader.exec_module(copy)
        exec(instrumented(source, original.__file__, vars(copy), HOOKS, lambda m: False), vars(copy))
        got, wanted = getattr(copy, function)(*arguments), getattr(original, function)(*arguments)
        if name == "graphlib":
            got, wanted = list(got.static_order()), list(wanted.static_order())
        if name == "difflib":
            got, wanted = list(got), list(wanted)
        assert got == wanted
    finally:
        del sys.modules[copy.__name__]


async def _sleepy() -> int:
    await asyncio.sleep(3600)
    return 1


def test_virtual_time() -> None:
    """An hour of sleep takes no time, in synchronous and in asynchronous calls."""
    import time

    def slow() -> float:
        began = time.monotonic()
        time.sleep(3600)
        return round(time.monotonic() - began)

    began = time.monotonic()
    verdict = explore([call(_sleepy), call(slow)])
    assert verdict.outcome.results == (("returned", 1), ("returned", 3600))
    assert time.monotonic() - began < 20


def test_modules_that_one_distribution_installs_side_by_side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tool of an installed module brings the modules that its distribution installs beside it."""
    folder = tmp_path / "site-packages"
    info = folder / "toolaudit_flat-1.0.dist-info"
    info.mkdir(parents=True)
    (folder / "toolaudit_flat_store.py").write_text("COUNT = {'n': 0}\n\ndef bump():\n    n = COUNT['n']\n    COUNT['n'] = n + 1\n")
    (folder / "toolaudit_flat_tools.py").write_text("import toolaudit_flat_store\n\ndef bump():\n    toolaudit_flat_store.bump()\n")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toolaudit-flat\nVersion: 1.0\n")
    (info / "top_level.txt").write_text("toolaudit_flat_store\ntoolaudit_flat_tools\n")
    monkeypatch.syspath_prepend(str(folder))
    tools = importlib.import_module("toolaudit_flat_tools")
    try:
        verdict = explore([call(tools.bump), call(tools.bump)])
    finally:
        for name in ("toolaudit_flat_store", "toolaudit_flat_tools"):
            sys.modules.pop(name, None)
    assert verdict.kind == "racy", verdict.render()
    assert verdict.resources == ("memory:COUNT[n]",)
