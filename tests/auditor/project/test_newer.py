"""Files in a newer grammar than the running Python's: their tools are found all the same, at the lines that they stand on."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from toolaudit.project.guard import RefusedError, parse_text
from toolaudit.project.local import open_project
from toolaudit.project.newer import lowered

TEXTS = [
    "type Name = str\n",
    "type Pair[A, B: int] = tuple[A, B]\nx = 1\n",
    "if True:\n    type Name = dict[str, list[int]]\n",
    "def first[T](items: list[T]) -> T:\n    return items[0]\n",
    "class Box[T: (int, str), *Ts, **P](dict):\n    def put[V](self, value: V): ...\n",
    "async def run[\n    T,  # the result\n](x: T) -> T:\n    return x\n",
    'x = f"{row["name"]} and {row["other"]}"\n',
    "x = f'{\"\\n\".join(rows)}'\n",
    'x = f"{"none" if a else f\'{b}\':>{width}}"\n',
    """x = f"{', '.join([f'{r['name']}({r['count']})' for r in rows])}"\n""",
    'x = f"{f"{row["name"]}"}"\n',
    'x = t"{name} said {what!r:>10}"\n',
    "try:\n    pass\nexcept ValueError, KeyError:\n    pass\n",
]


@pytest.mark.parametrize("text", TEXTS)
def test_is_read_line_by_line_and_column_by_column(text: str):
    older = lowered(text)
    assert older is not None
    assert [len(line) for line in older.split("\n")] == [len(line) for line in text.split("\n")]
    ast.parse(older, feature_version=(3, 11))


@pytest.mark.parametrize(
    "text",
    [
        "type = 1\ntype[0]\nprint(type (x))\n",
        "# type X = int\ns = 'def f[T](x)'\n",
        '"""\ntype X = int\ndef f[T](x): ...\n"""\n',
        "x = f'{a!r:>{w}} {{literal}}' + f\"{b['c']}\"\n",
        "try:\n    pass\nexcept (A, B):\n    pass\n",
    ],
)
def test_what_is_not_newer_is_left_alone(text: str):
    assert lowered(text) is None


def test_what_no_grammar_knows_is_still_refused():
    with pytest.raises(RefusedError, match="is not valid Python"):
        parse_text("type X = int\ndef (\n")


def test_functions_of_such_a_file_are_extracted(tmp_path: Path):
    source = 'type Key = str\n\n\ndef load[T](key: Key, kind: type[T]) -> T:\n    path = f"{BASE["dir"]}/{key}"\n    return kind(open(path).read())\n'
    (tmp_path / "app.py").write_text(source)
    with open_project([tmp_path], {}) as project:
        facts = project.facts("app.py", "load")
        assert project.unreadable == ()
        assert facts is not None
        assert facts.line == 4
        assert project.line("app.py", 4).startswith("def load[T]")
