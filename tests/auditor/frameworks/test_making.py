"""Code that makes tools is followed within bounds, whatever it does."""

from __future__ import annotations

from pathlib import Path

import pytest

from toolaudit import pipeline
from toolaudit.request import Request

HEAD = """
from mcp.server.fastmcp import FastMCP

mcp = FastMCP("x")


def make(name):
    def tool():
        return open(name).read()

    tool.__name__ = name
    return tool


for name in ("a", "b"):
    mcp.tool()(make(name))

"""
HOSTILE = {
    "text that doubles": "text = 'x'\nfor _ in range(100):\n    pass\nfor one in [1] * 3:\n    pass\n"
    + "".join("text = text + text\n" for _ in range(200))
    + "mcp.tool(name=text)(make('c'))\n",
    "a list that holds itself again": "row = ['x', 'y']\nfor one in 'abcdefghijklmnopqrstuvwxyz':\n    row.extend(row)\n    row.insert(0, one)\n"
    "for one in row:\n    mcp.tool()(make(one))\n",
    "lists that hold themselves and each other": "from langgraph.prebuilt import create_react_agent\n\n\ndef build(model):\n"
    "    one = [make]\n    other = [make]\n"
    + "    one.extend(one)\n    one.extend(other)\n    other.extend(one)\n" * 40
    + "    return create_react_agent(model, tools=one)\n",
    "functions that call each other": "def ping(n):\n    return pong(n)\n\n\ndef pong(n):\n    return ping(n)\n\n\nmcp.tool()(make(ping(1)))\n",
    "loops in loops": "many = list('abcdefghijklmnopqrstuvwxyz')\n"
    "for a in many:\n    for b in many:\n        for c in many:\n            for d in many:\n                mcp.tool()(make(a + b + c + d))\n",
    "what raises": "class Odd:\n    pass\n\n\nvalues = {}\nmcp.tool()(make(values['none']))\nmcp.tool()(make(Odd().none()))\nraise SystemExit\n",
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("code", HOSTILE.values(), ids=HOSTILE)
def test_a_start_that_never_ends_costs_little(code: str, tmp_path: Path) -> None:
    (tmp_path / "tools.py").write_text(HEAD + code)
    names = {tool.name for tool in pipeline.scan(Request((tmp_path,), use_cache=False)).tools}
    assert {"a", "b"} <= names
