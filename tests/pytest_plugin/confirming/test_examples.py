"""Values that a tool tells for its own parameters."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any, cast

import pytest

from pytest_toolaudit.confirming.absent import stand_ins
from pytest_toolaudit.confirming.examples import allowed_values, example_values
from pytest_toolaudit.confirming.installing import to_install
from pytest_toolaudit.confirming.load import import_file, undecorated
from toolaudit import scan
from toolaudit_reports.document import Tool

STATES = ("todo", "done")
SOURCE = '''
from langchain_core.tools import tool
from mcp.server import Server
import mcp.types as types

STATES = ("todo", "done")
server = Server("s")


@tool
def move(card: str, state: str, formula: str, kind: str, size: int, note: str = "") -> str:
    """Move a card.

    Args:
        card: which card, e.g. "CARD-1" or
            another one
        state: where to
        kind: must be one of "bug" or "story"

    Example:
        move("CARD-2", "done", formula="a + b", size=3)
    """
    if state.lower() not in STATES:
        raise ValueError(state)
    return card


@server.list_tools()
async def list_tools() -> list[types.Tool]:
    return [
        types.Tool(
            name="paint",
            description="Paint.",
            inputSchema={
                "type": "object",
                "properties": {
                    "color": {"type": "string", "enum": ["red", "blue"]},
                    "word": {"type": "string", "examples": ["sky"]},
                    "times": {"type": "integer", "default": 4},
                },
                "required": ["color"],
            },
        )
    ]


@server.call_tool()
async def call_tool(name: str, arguments: dict) -> list:
    if name == "paint":
        return [arguments["color"]]
    raise ValueError(name)
'''


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[Callable[..., Any], Tool]]:
    (tmp_path / "told_tools.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "told_tools", raising=False)
    document = scan([tmp_path / "told_tools.py"])
    with stand_ins():
        module = import_file(tmp_path / "told_tools.py")
    functions = {"move": undecorated(module.move) or module.move, "paint": undecorated(module.call_tool) or module.call_tool}
    return {tool.name: (functions[tool.name], tool) for tool in document.tools}


def test_what_is_all_that_it_takes(tools: dict[str, tuple[Callable[..., Any], Tool]]) -> None:
    assert allowed_values(*tools["move"]) == {"state": ("todo", "done"), "kind": ("bug", "story")}
    assert allowed_values(*tools["paint"]) == {"color": ("red", "blue")}


def test_what_are_examples(tools: dict[str, tuple[Callable[..., Any], Tool]]) -> None:
    assert example_values(*tools["move"]) == {"card": ("CARD-2",), "state": ("done",), "formula": ("a + b",), "size": (3,)}
    assert example_values(*tools["paint"]) == {"word": ("sky",), "times": (4,)}


class Said:
    """As pydantic's Field keeps it."""

    def __init__(self, description: str = "", examples: tuple[str, ...] = ()) -> None:
        self.description, self.examples = description, examples


def field(card: Annotated[str, Said("the card's id, such as 'CARD-7'")], color: Annotated[str, Said(examples=("red",))]) -> None: ...


def test_annotations_tell_too() -> None:
    tool = SimpleNamespace(name="field", parameters=())
    assert example_values(field, cast("Tool", tool)) == {"card": ("CARD-7",), "color": ("red",)}


def test_what_the_projects_distribution_says_is_to_be_installed() -> None:
    assert to_install("pluggy.hooks", "pytest") == "pluggy"
    assert to_install("hypothesis", "pytest") == "pytest[dev]"
    assert to_install("a_module.of_nobody", "toolaudit") == "a_module"
    assert to_install("a_module", "no_package_of_ours") == "a_module"
