"""Tools that are defined while a server starts, or for another version of the framework: found, run and confirmed in this process."""

from __future__ import annotations

import asyncio
import sys

import pytest

from toolaudit_reports.document import EvidenceItem, load_evidence

pytest_plugins = ["pytester"]

BODY = """
        n = COUNT["n"]
        COUNT["n"] = n + 1
        return str(n + 1)
"""
ASYNC_MAIN = """
import asyncio
from mcp.server import Server
import mcp.server.stdio

COUNT = {"n": 0}


async def main(db_path: str):
    server = Server("counter")

    @server.list_tools()
    async def list_tools():
        import mcp.types as types
        return [types.Tool(name="bump", description="", inputSchema={"type": "object", "properties": {}})]

    @server.call_tool()
    async def handle_call_tool(name, arguments):
        if name == "bump":
            n = COUNT["n"]
            await asyncio.sleep(0)
            COUNT["n"] = n + 1
            return str(n + 1)
        raise ValueError(name)

    async with mcp.server.stdio.stdio_server() as (read, write):
        await server.run(read, write)
"""
SYNC_MAIN = f"""
from mcp.server.fastmcp import FastMCP

COUNT = {{"n": 0}}


def main():
    server = FastMCP("counter")

    @server.tool()
    def bump() -> str:{BODY}
    server.run()
"""
SQL = """
import sqlite3
from langchain_core.tools import tool


@tool
def run_query(query: str) -> str:
    "Run SQL."
    with sqlite3.connect("toolaudit.db") as connection:
        return str(connection.execute(query).fetchall())
"""
NEVER_RETURNS = f"""
import time
from mcp.server.fastmcp import FastMCP

COUNT = {{"n": 0}}


def main():
    server = FastMCP("counter")

    @server.tool()
    def bump() -> str:{BODY}
    while True:
        time.sleep(0.01)
"""
WAITS_FOR_EVER = ASYNC_MAIN.replace("        await server.run(read, write)", "        pass").replace(
    "    async with mcp", "    await asyncio.Event().wait()\n    async with mcp"
)
OTHER_VERSION = f"""
from mcp.server.fastmcp import FastMCP

COUNT = {{"n": 0}}
server = FastMCP("counter", a_setting_of_another_version=1)
server.a_method_of_another_version()


@server.tool()
def bump() -> str:
    if True:{BODY}
"""

HANDLED_BY_A_HELPER = """
import asyncio
from mcp.server import Server
from mcp.types import TextContent, Tool

server = Server("counter")


class Store:
    def __init__(self) -> None:
        self.n = 0


STORE = None


def get_store(place: str) -> Store:
    global STORE
    if STORE is None:
        STORE = Store()
    return STORE


@server.list_tools()
async def list_tools() -> list[Tool]:
    return [
        Tool(
            name="bump",
            description="Count.",
            inputSchema={"type": "object", "properties": {"by": {"type": "integer"}}, "required": ["by"]},
        )
    ]


@server.call_tool()
async def call_tool(name: str, arguments: dict) -> list[TextContent]:
    if name == "bump":
        return await handle_bump(get_store("x"), "x", arguments)
    raise ValueError(name)


async def handle_bump(store: Store, place: str, arguments: dict) -> list[TextContent]:
    n = store.n
    await asyncio.sleep(0)
    store.n = n + arguments["by"]
    return [TextContent(type="text", text=str(n))]
"""

REGISTERED_BY_AN_OWN_OBJECT = """
import sys
from pathlib import Path
from mcp.server.fastmcp import FastMCP


class Registry:
    def __init__(self, server: FastMCP, title: str):
        self.server = server

    def tool(self, function):
        self.server.tool()(function)
        self.server._tool_manager.get_tool(function.__name__).fn_metadata.arg_model.__name__
        return function


class Store:
    def __init__(self, path: Path):
        self.path = path


def register(tools: Registry, store: Store) -> None:
    @tools.tool
    def bump() -> int:
        n = int(store.path.read_text()) if store.path.exists() else 0
        store.path.write_text(str(n + 1))
        return n


if __name__ == "__main__":
    server = FastMCP("counter")
    register(Registry(server, "counter"), Store(Path(sys.argv[1])))
    server.run()
"""

SESSION = """
from langchain_core.tools import tool

SESSION = {}
ORDERS = []


@tool
def sign_in(user: str) -> str:
    "Open the session."
    SESSION["user"] = user
    return "signed in"


@tool
def list_orders() -> list:
    "The orders of the session's user."
    if "user" not in SESSION:
        raise PermissionError("sign in first")
    return [order for order in ORDERS if order["user"] == SESSION["user"]]


@tool
def place_order(user: str) -> int:
    "Place an order under the next number."
    number = len(ORDERS) + 1
    ORDERS.append({"number": 0, "user": user})
    ORDERS[-1]["number"] = number
    return number
"""
WORLD = """
import sys


def fresh():
    sys.modules["tools"].SESSION.clear()
    sys.modules["tools"].ORDERS.clear()


def pytest_toolaudit_state():
    return fresh
"""
MADE_BY_THE_OTHER = """
from langchain_core.tools import tool

PURSES = {"Ada": 5, "Ben": 7}
CURRENT = {}


@tool
def open_purse(owner: str) -> str:
    "Open a purse."
    PURSES.setdefault(owner, 0)
    return "open"


@tool
def put_into(name: str, coins: int) -> int:
    "Put coins into a purse that is open."
    PURSES[name] += coins
    return PURSES[name]


@tool
def choose(name: str) -> str:
    "Make a purse the current one."
    CURRENT["purse"] = PURSES[name]
    return "chosen"
"""

HOME_AT_IMPORT = """
from pathlib import Path
from langchain_core.tools import tool

FOLDER = Path.home() / ".counts"
FOLDER.mkdir(exist_ok=True)


def count(file):
    n = int(file.read_text()) if file.exists() else 0
    file.write_text(str(n + 1))
    return n


@tool
def first() -> int:
    "Count."
    return count(FOLDER / "first.txt")


@tool
def second() -> int:
    "Count."
    return count(FOLDER / "second.txt")
"""


def confirm(pytester: pytest.Pytester, source: str) -> tuple[EvidenceItem, ...]:
    """The evidence of a confirm run in this process."""
    (pytester.path / "tools.py").write_text(source)
    limits = ("--toolaudit-budget=60", "--toolaudit-seconds=300")  # what is found must depend on schedules, not on the machine's speed
    pytester.inline_run("--toolaudit=tools.py", "--toolaudit-evidence=evidence.json", *limits, "-p", "no:cacheprovider")
    return load_evidence((pytester.path / "evidence.json").read_bytes()).items


@pytest.mark.parametrize(
    "source",
    [ASYNC_MAIN, SYNC_MAIN, NEVER_RETURNS, WAITS_FOR_EVER, OTHER_VERSION],
    ids=["async main", "main that runs a server", "main that never returns", "main that waits for ever", "another version"],
)
def test_tools_behind_a_server_are_confirmed(pytester: pytest.Pytester, source: str) -> None:
    before = {name: id(module) for name, module in sys.modules.items() if name.partition(".")[0] == "mcp"}
    items = confirm(pytester, source)
    assert {item.verdict for item in items if item.kind == "racy"} == {"confirmed"}, items
    assert {name: id(module) for name, module in sys.modules.items() if name.partition(".")[0] == "mcp" and name in before} == before


def test_an_own_object_that_cannot_register_is_stood_in_and_the_others_are_made(pytester: pytest.Pytester) -> None:
    items = confirm(pytester, REGISTERED_BY_AN_OWN_OBJECT)
    assert items
    assert "cannot-run" not in {item.verdict for item in items}, items
    assert {item.verdict for item in items if item.kind == "racy"} == {"confirmed"}, items


def test_what_a_dispatcher_gives_its_helper_is_the_same_for_both_calls(pytester: pytest.Pytester) -> None:
    (item,) = confirm(pytester, HANDLED_BY_A_HELPER)
    assert item.verdict == "confirmed", item
    assert len({call.arguments["store"] for call in item.calls}) == 1
    assert len({call.arguments["arguments"] for call in item.calls}) == 2


def test_both_calls_name_what_one_makes_or_two_things_that_exist(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("def pytest_toolaudit_arguments():\n    return {'put_into': {'name': 'Ada'}, 'choose': {'name': 'Ada'}}\n")
    items = confirm(pytester, MADE_BY_THE_OTHER)
    tried = {tuple(sorted({tool.rpartition("::")[2] for tool in item.tools})): item for item in items}
    made, chosen = tried["open_purse", "put_into"], tried["choose",]
    assert made.verdict == "confirmed", made
    assert made.calls[0].arguments.get("owner", made.calls[1].arguments.get("owner")) == "'gamma'"
    assert [call.arguments["name"] for call in chosen.calls] == ["'Ada'", "'Ben'"]
    assert chosen.verdict == "confirmed"


@pytest.mark.parametrize("anew", [False, True], ids=["world kept", "world made anew"])
def test_what_usually_runs_first_is_done_in_every_world(pytester: pytest.Pytester, *, anew: bool) -> None:
    if anew:
        pytester.makeconftest(WORLD)
    items = confirm(pytester, SESSION)
    orders = [item for item in items if {tool.rpartition("::")[2] for tool in item.tools} == {"list_orders", "place_order"}]
    assert "confirmed" in {item.verdict for item in orders}, items


def test_a_loop_that_runs_here_does_not_matter(pytester: pytest.Pytester) -> None:
    """As a browser driver's does in a worker that ran its tests before."""

    async def inside() -> tuple[EvidenceItem, ...]:
        return confirm(pytester, ASYNC_MAIN)

    assert {item.verdict for item in asyncio.run(inside())} == {"confirmed"}


def test_a_tool_that_takes_sql_is_given_statements(pytester: pytest.Pytester) -> None:
    items = confirm(pytester, SQL)
    assert "confirmed" in {item.verdict for item in items}, items


def test_a_folder_that_a_module_makes_at_home_is_there_for_every_item(pytester: pytest.Pytester) -> None:
    items = confirm(pytester, HOME_AT_IMPORT)
    assert [item.verdict for item in items if item.kind == "racy"] == ["confirmed", "confirmed"], items
