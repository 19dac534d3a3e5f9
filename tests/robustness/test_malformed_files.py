"""Hostile files beside good ones: each bad one is named with its reason, every good one is read, nothing raises or hangs."""

from __future__ import annotations

import codecs
import os
import time
from pathlib import Path

import pytest

from toolaudit.errors import ChangedError

GOOD = b"def good():\n    return 1\n"

TOOL = b"import tool\n"

# name → (bytes, part of the reason, line); reason None: readable
BYTES = {
    "empty": (b"", None, 0),
    "comment only": (b"# nothing", None, 0),
    "bom": (codecs.BOM_UTF8 + TOOL, None, 0),
    "bom and cookie": (codecs.BOM_UTF8 + b"# coding: utf-8\n" + TOOL, None, 0),
    "bom against cookie": (codecs.BOM_UTF8 + b"# coding: latin-1\n" + TOOL, "encoding problem", 1),
    "utf-16 with mark": ("import tool\n".encode("utf-16"), "UTF-16", 0),
    "utf-16 without mark": ("import tool\n".encode("utf-16-le"), "NUL byte", 1),
    "utf-32": ("import tool\n".encode("utf-32"), "UTF-32", 0),
    "declared latin-1": (b"# -*- coding: latin-1 -*-\nx = 'caf\xe9'\n", None, 0),
    "undeclared latin-1": (TOOL + b"x = 'caf\xe9'\n", "byte 0xe9", 2),
    "undeclared latin-1 in line 1": (b"x = 'caf\xe9'\n", "byte 0xe9", 1),
    "wrongly declared ascii": (b"# coding: ascii\n\nx = 'caf\xe9'\n", "byte 0xe9", 3),
    "unknown cookie": (b"# coding: martian\n", "martian", 1),
    "rot13": (b"# coding: rot13\nvzcbeg gbby\n", "rot13", 1),
    "hex": (b"# coding: hex\n00\n", "hex", 1),
    "undefined": (b"# coding: undefined\n", "undefined", 1),
    "utf-7 surrogate": (b"# coding: utf-7\nx = '+2AA-'\n", "utf-7", 0),
    "truncated utf-8": (TOOL + b"x = '\xe2\x82", "cannot be decoded", 2),
    "overlong utf-8": (b"x = '\xc0\xaf'\n", "cannot be decoded", 1),
    "surrogate in utf-8": (b"x = '\xed\xa0\x80'\n", "cannot be decoded", 1),
    "nul": (TOOL + b"x = 1\0\n", "NUL byte", 2),
    "nul in a comment": (b"# \0\n", "NUL byte", 1),
    "only nul": (b"\0" * 100, "NUL byte", 1),
    "carriage returns only": (b"import tool\rdef f():\r    return 1\r", None, 0),
    "mixed line ends": (b"import tool\r\nx = 1\ny = 2\r", None, 0),
    "control-z": (TOOL + b"\x1a", "not valid Python", 2),
    "form feed": (b"import tool\n\x0c\ndef f():\n    pass\n", None, 0),
    "no newline at the end": (b"import tool", None, 0),
    "backslash at the end": (b"import tool\n\\", "not valid Python", 2),
    "zero-width space": ("import tool\nx\u200b = 1\n".encode(), "not valid Python", 2),
    "bidirectional override": ("x = '\u202e' # \u2066\n".encode(), None, 0),
    "line separator in a string": ("x = 'a\u2028b'\n".encode(), None, 0),
    "python 2 print": (b"print 'tool'\n", "not valid Python", 1),
    "python 2 backticks": (b"x = 1\ny = `x`\n", "not valid Python", 2),
    "except without parentheses, of Python 3.14": (b"try:\n    pass\nexcept E, e:\n    pass\n", None, 0),
    "python 2 octal": (b"x = 0777\n", "not valid Python", 1),
    "mixed tabs": (b"if x:\n\ty = 1\n        z = 2\n", "not valid Python", 3),
    "truncated": (b"def tool(a,\n", "not valid Python", 1),
    "unterminated string": (b"x = '''tool\n", "not valid Python", 1),
    "binary": (bytes(range(1, 256)), "cannot be decoded", 0),
    "html": (b"<!doctype html>\n<p>tool</p>\n", "not valid Python", 1),
    "merge conflict": (b"<<<<<<< HEAD\nx = 1\n=======\n", "not valid Python", 1),
    "return outside a function": (b"return tool\n", None, 0),
    "deep indentation": (b"".join(b" " * i + b"if tool:\n" for i in range(150)), "not valid Python", 0),
}


@pytest.mark.parametrize("name", BYTES)
def test_bytes(project, name):
    data, reason, line = BYTES[name]
    opened = project({"bad.py": data, "good.py": GOOD}, markers={"any": b"tool"})
    index = opened.index("bad.py")
    assert opened.facts("good.py", "good") is not None
    if reason is None:
        assert index is not None
        assert opened.facts("bad.py", "<module>") is not None
        assert opened.unreadable == ()
        return
    assert index is None
    assert opened.facts("bad.py", "<module>") is None
    assert opened.line("bad.py", 1) is not None
    (said,) = opened.unreadable
    assert said.path == "bad.py"
    assert reason in said.reason
    assert "\n" not in said.reason
    if line:
        assert said.line == line
    if "not valid Python" not in reason:
        assert opened.candidates == ("bad.py",), "a file whose text cannot be searched is never passed over in silence"


SHAPES = {
    "parentheses": lambda n: "x = " + "(" * n + "1" + ")" * n,
    "calls": lambda n: "x = " + "f(" * n + ")" * n,
    "lists": lambda n: "x = " + "[" * n + "]" * n,
    "lambdas": lambda n: "x = " + "lambda: " * n + "1",
    "subscripts": lambda n: "x = a" + "[0]" * n,
    "attributes": lambda n: "x = a" + ".b" * n,
    "method chain": lambda n: "x = a" + ".b()" * n,
    "operators": lambda n: "x = a" + " + a" * n,
    "unary": lambda n: "x = " + "-" * n + "a",
    "not": lambda n: "x = " + "not " * n + "a",
    "and": lambda n: "x = a" + " and a" * n,
    "comparisons": lambda n: "x = a" + " < a" * n,
    "conditionals": lambda n: "x = " + "a if b else " * n + "c",
    "powers": lambda n: "x = a" + " ** a" * n,
    "elif": lambda n: "if a: pass\n" + "elif a: pass\n" * n,
    "decorators": lambda n: "@a\n" * n + "def f(): pass",
    "nested functions": lambda n: "".join(" " * i + f"def f{i}():\n" for i in range(min(n, 99))) + " " * 99 + "pass",
    "nested loops": lambda n: "".join(" " * i + "for x in y:\n" for i in range(min(n, 19))) + " " * 19 + "pass",
    "comprehension": lambda n: "x = [a" + " for a in b" * n + "]",
    "strings": lambda n: "x = (" + "'a'\n" * n + ")",
    "f-string": lambda n: "x = (" + "f'{a}'\n" * n + ")",
    "dotted import": lambda n: "import a" + ".a" * n,
    "dotted from": lambda n: "from a" + ".a" * n + " import b",
    "bad braces": lambda n: "x = " + "{" * n,
    "targets": lambda n: "a = " * n + "1",
    "starred": lambda n: "x = [" + "*a, " * n + "]",
}


@pytest.mark.parametrize("size", [120, 5_000, 15_000])
@pytest.mark.parametrize("name", SHAPES)
def test_shapes(project, name, size):
    """Every file costs at most one entry and a bounded time, in the function and at top level."""
    text = SHAPES[name](size)
    inside = "def f(a, b, c):\n" + "".join(f"  {line}\n" for line in text.split("\n"))
    opened = project({"top.py": f"{text}\n", "inside.py": inside, "good.py": GOOD})
    began = time.perf_counter()
    for path in ("top.py", "inside.py"):
        opened.index(path)
        facts = [opened.facts(path, "<module>"), opened.facts(path, "f")]
        refused = [u for u in opened.unreadable if u.path == path]
        assert refused or any(facts), "neither read nor refused"
        assert len(refused) <= 1
    assert opened.facts("good.py", "good") is not None
    assert time.perf_counter() - began < 100
    opened.close()


def test_a_large_file_is_skipped_and_said(project):
    opened = project({"big.py": "x = 1\n" * 200_000, "good.py": GOOD})
    assert opened.files == ("good.py",)
    assert [(u.path, u.reason) for u in opened.unreadable] == [("big.py", "skipped: larger than the limit of 1,000,000 bytes")]


def test_a_file_that_vanishes_during_the_scan(project):
    opened = project({"gone.py": GOOD, "good.py": GOOD})
    Path("gone.py").unlink()
    assert opened.candidates == ("good.py",)
    assert [(u.path, u.reason) for u in opened.unreadable] == [("gone.py", "cannot be read: No such file or directory")]
    assert opened.index("gone.py") is None


def test_a_file_that_turns_into_a_pipe_does_not_hang(project):
    opened = project({"turned.py": GOOD})
    Path("turned.py").unlink()
    os.mkfifo("turned.py")
    assert opened.index("turned.py") is None
    assert [u.reason for u in opened.unreadable] == ["skipped: not a regular file"]


def test_a_file_that_grows_past_the_limit_is_not_read(project):
    opened = project({"grown.py": GOOD})
    with Path("grown.py").open("ab") as file:
        file.truncate(5_000_000)
    assert opened.index("grown.py") is None
    assert "larger" in opened.unreadable[0].reason


def test_a_file_that_changes_between_index_and_extraction(project):
    opened = project({"m.py": "def f():\n    return 1\n"})
    opened.index("m.py")
    Path("m.py").write_text("x = [\n")
    opened.release()
    with pytest.raises(ChangedError, match=r"m\.py"):  # the scan opens the code base again
        opened.facts("m.py", "f")
