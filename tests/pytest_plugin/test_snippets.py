"""Interpreters among the tools: what code does that is run from text, in a namespace that all calls share."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_toolaudit import call, explore

NAMESPACE: dict[str, Any] = {}


def fresh() -> None:
    NAMESPACE.clear()
    NAMESPACE["x"] = 0


def run(code: str) -> Any:
    exec(code, NAMESPACE)
    return NAMESPACE.get("out")


def ask(expression: str) -> Any:
    return eval(expression, NAMESPACE)


class Interpreter:
    """Keeps its variables for the next call."""

    def __init__(self) -> None:
        self.globals: dict[str, Any] = {"x": 0}
        self.locals: dict[str, Any] = {}

    def run(self, code: str) -> str:
        """In its own namespace."""
        exec(code, self.globals)
        return str(self.globals["x"])

    def in_two(self, code: str) -> None:
        """With a namespace for what is bound."""
        exec(code, self.globals, self.locals)


@pytest.mark.parametrize(
    "code",
    [
        "x = x + 1",
        "x += 1\nout = x",
        "x: int = x + 1",
        "def count():\n    global x\n    x = x + 1\ncount()",
        "for i in range(2):\n    try:\n        x, y = x + 1, i\n    except ValueError as error:\n        pass",
        "import math\nx = int(math.sqrt(x * x)) + 1",
        "if 'found' in globals():\n    found.append(len(found))\nelse:\n    found = [0]",
        "[x := x + 1 for _ in range(2)]",
    ],
)
def test_a_lost_update_between_snippets(code: str) -> None:
    verdict = explore([call(run, code), call(run, code)], state=fresh)
    assert verdict.kind == "racy", verdict.render()
    assert verdict.masked == ()


def test_an_interpreter_object() -> None:
    tool = Interpreter()
    verdict = explore([call(tool.run, "x = x + 1"), call(tool.run, "x = x + 2")])
    assert verdict.kind == "racy", verdict.render()
    assert "memory:self:globals[x]" in verdict.resources
    assert tool.globals == {"x": 0}


@pytest.mark.parametrize(
    ("calls", "kind"),
    [
        ([call(ask, "x + 1"), call(ask, "x + 2")], "independent"),
        ([call(run, "p = 1"), call(run, "q = 2")], "serializable"),
        ([call(run, "y = 5"), call(ask, "'y' in globals() and y")], "order-dependent"),
        ([call(run, "x = 1"), call(ask, "x")], "order-dependent"),
    ],
)
def test_what_snippets_do_to_each_other(calls: list[Any], kind: str) -> None:
    assert explore(calls, state=fresh).kind == kind


@pytest.mark.parametrize(
    "code", ["x = = 1", "return 5", "1 / 0", "from os.path import *", "out = sorted(locals())", "out = __name__", "", "# no"]
)
def test_a_snippet_does_what_it_does_elsewhere(code: str) -> None:
    """Also where it is no Python, or cannot be rewritten."""
    fresh()
    try:
        told: Any = ("returned", run(code))
    except Exception as error:
        told = ("raised", type(error).__name__)
    how, value = explore([call(run, code)], state=fresh).outcome.results[0]
    assert (how, value[0] if how == "raised" else value) == (told[0], told[1] if not isinstance(told[1], list) else ("list", *told[1]))


def test_two_namespaces_are_written_as_a_whole() -> None:
    tool = Interpreter()
    verdict = explore([call(tool.in_two, "y = 1"), call(tool.in_two, "y = 2")])
    assert verdict.kind == "order-dependent", verdict.render()
    assert "memory:self:locals" in verdict.resources
