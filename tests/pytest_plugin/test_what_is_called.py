"""What may be called and how: wrong arguments, tool objects of frameworks, what is no tool."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_toolaudit import call, explore
from pytest_toolaudit.engine.turn import turn

pytestmark = pytest.mark.timeout(60)
STATE: dict[str, Any] = {"n": 0}
LOG: list[Any] = []


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of its own."""
    monkeypatch.chdir(tmp_path)


def add(key: str, n: int) -> None:
    """A lost update on one key."""
    old = STATE.get(key, 0)
    STATE[key] = old + n


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        ([], {}, ValueError, "at least one call"),
        ([add], {}, TypeError, "is not a call: write call"),
        ([call(add, "n", 1)], {"preemptions": -1}, ValueError, "preemptions must be at least 0"),
        ([call(add, "n", 1)], {"budget": 1}, ValueError, "budget at least 2"),
        ([call(add, "n", 1)], {"runner": "fibers"}, ValueError, "runner must be one of"),
        ([call(add, "n", 1)], {"schedule": "other#0"}, ValueError, "the schedule names other#0"),
    ],
)
def test_bad_arguments(arguments: Any, options: Any, error: type[Exception], message: str) -> None:
    """One clear sentence, and nothing is left active."""
    with pytest.raises(error, match=message):
        explore(arguments, **options)
    assert turn.ident == 0


class Langchain:
    """The attributes of a StructuredTool."""

    name = "lookup"
    args_schema = None
    coroutine = None

    def __init__(self) -> None:
        self.func = add

    def run(self, tool_input: str) -> None:
        """Not what is called: the function is."""


class Strands:
    """The attributes of a decorated function tool."""

    def __init__(self) -> None:
        self._tool_func = add
        self.tool_name = "add"

    def __call__(self, *args: Any) -> None:
        """Would go through the framework."""


class Smol:
    """A tool written as a class."""

    name = "smol"

    def forward(self, key: str, n: int) -> None:
        """The tool's function."""
        add(key, n)


class Metadata:
    """llama-index keeps the name aside."""

    def __init__(self) -> None:
        self.fn = add
        self.metadata = SimpleNamespace(name="index_add")


def enclosed() -> Any:
    """openai-agents keeps the function in the closure of an invoker that takes JSON."""

    def wrap(function: Any) -> Any:
        async def on_invoke(context: Any, arguments: str) -> Any:
            return function(**json.loads(arguments))

        on_invoke.__module__ = wrap.__module__ = "agents.tool"
        return on_invoke

    return SimpleNamespace(name="add", on_invoke_tool=wrap(add), params_json_schema={})


class Amount:
    """A model of a tool's arguments."""

    def __init__(self, key: str, n: int) -> None:
        self.key, self.n = key, n


class Bee:
    """beeai: a class whose method takes a model, options and the run's context."""

    name = "bee"
    input_schema = Amount

    def _create_emitter(self) -> None:
        """Would tell of the run."""

    def _run(self, input: Amount, options: Any, context: Any) -> None:  # noqa: A002 - the framework's name
        add(input.key, input.n)


class AsyncCallable:
    """An object with an asynchronous call."""

    async def __call__(self, n: int) -> int:
        """Returns its argument."""
        return n


@pytest.mark.parametrize(
    ("tool", "name"),
    [
        (add, "add"),
        (Langchain(), "lookup"),
        (Strands(), "add"),
        (Smol(), "smol"),
        (Metadata(), "index_add"),
        (enclosed(), "add"),
        (functools.partial(add, "n"), "add"),
    ],
)
def test_tool_objects(tool: Any, name: str) -> None:
    """Every way in which frameworks keep the function leads to the same race."""
    arguments = (1,) if isinstance(tool, functools.partial) else ("n", 1)
    made = call(tool, *arguments)
    assert made.name == name
    assert str(made).startswith(f"{name}(")
    assert explore([made, made]).kind == "racy"


def test_a_method_that_takes_a_model_is_given_one() -> None:
    made = call(Bee(), key="n", n=1)
    assert made.name == "bee"
    assert explore([made, made]).kind == "racy"


def test_not_a_tool() -> None:
    """Neither callable nor holding a function."""
    with pytest.raises(TypeError, match="is not a tool"):
        call(object())
    made = call(AsyncCallable(), 3)
    assert made.is_async
    assert explore([made]).outcome.results == (("returned", 3),)


def test_broken_repr() -> None:
    """Arguments and results may have any repr."""

    class Broken:
        def __repr__(self) -> str:
            raise RuntimeError

        def __bool__(self) -> bool:
            raise RuntimeError

    verdict = explore([call(LOG.append, Broken()), call(LOG.append, json)])
    assert "<Broken>" in verdict.render()
