"""`scan --compare`: what an upgrade of a framework changes, against tables written by hand from how each version runs its calls."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

BODIES = """
import asyncio
import json


def load():
    with open("notes.json") as file:
        return json.load(file)


def save(notes):
    with open("notes.json", "w") as file:
        json.dump(notes, file)
"""
MCP = """
from mcp.server.fastmcp import FastMCP

server = FastMCP("notes")


@server.tool()
def add(text: str) -> None:
    notes = load()
    notes.append(text)
    save(notes)


@server.tool()
def notes() -> list:
    return load()


@server.tool()
async def add_later(text: str) -> None:
    notes = load()
    await asyncio.sleep(1)
    save([*notes, text])


@server.tool()
async def add_at_once(text: str) -> None:
    save([*load(), text])
"""
FASTMCP = """
from fastmcp import FastMCP

server = FastMCP("notes")


@server.tool
def add(text: str) -> None:
    save([*load(), text])


@server.tool(run_in_thread=False)
def add_inline(text: str) -> None:
    save([*load(), text])
"""
CREW = """
from crewai.tools import tool


@tool("add")
def add(text: str) -> None:
    "Add."
    save([*load(), text])


@tool("add rarely", max_usage_count=3)
def add_rarely(text: str) -> None:
    "Add."
    save([*load(), text])
"""
AGENTS = """
from agents import function_tool


@function_tool
def add(text: str) -> None:
    save([*load(), text])


@function_tool
async def add_later(text: str) -> None:
    notes = load()
    await asyncio.sleep(1)
    save([*notes, text])
"""
# Under mcp 1 a plain function and a coroutine without an await run whole. What they lose to `add_later`, which awaits between its read and
# its write, is lost before too; a half-written file is met only by a thread.
MCP_1_TO_2 = {
    ("add",): "event-loop → threads",
    ("notes",): "event-loop → threads",
    ("add", "add"): "latent → live",
    ("add", "add_at_once"): "latent → live",
    ("add", "notes"): "latent → live",
    ("add_at_once", "notes"): "latent → live",
    ("add_later", "notes"): "latent → live",
}
TABLES = {
    "mcp 1 to 2": (MCP, "mcp=1.30:2.3", MCP_1_TO_2),
    "mcp 2 to 1": (
        MCP,
        "mcp=2.3:1.30",
        {tools: " → ".join(reversed(change.split(" → "))) for tools, change in MCP_1_TO_2.items()},
    ),
    "fastmcp 2 to 4": (
        FASTMCP,
        "fastmcp=2:4",
        {("add",): "event-loop → threads", ("add", "add"): "latent → live", ("add", "add_inline"): "latent → live"},
    ),
    "crewai 1.9 to 1.10": (
        CREW,
        "crewai=1.9.3:1.10.0",
        {("add",): "serial → threads", ("add", "add"): "latent → live"},
    ),
    "openai-agents 0.7 to 0.8": (
        AGENTS,
        "openai-agents=0.7:0.8",
        {("add",): "event-loop → threads", ("add", "add"): "latent → live"},
    ),
    "coroutines alone": (MCP[: MCP.index("@server")] + MCP[MCP.index("@server.tool()\nasync") :], "mcp=1.30:2.3", {}),
    "one way of running": (MCP, "mcp=2.0:2.3", {}),
}


@pytest.mark.parametrize("name", TABLES)
def test_the_rows_are_those_that_the_versions_tell(name: str, project: Path, run) -> None:
    source, upgrade, expected = TABLES[name]
    (project / "src" / "notes.py").write_text(BODIES + source)
    document = json.loads(run("scan", "src", "--compare", upgrade, "--exit-zero", "--format", "json").out)
    names = {tool["id"]: tool["name"] for tool in document["tools"]}
    found: dict[tuple[str, ...], set[str]] = {}
    for row in document.get("migration", ()):
        found.setdefault(tuple(sorted(names[tool] for tool in row["tools"])), set()).add(f"{row['before']} → {row['after']}")
    assert found == {tools: {change} for tools, change in expected.items()}
    assert [(one["framework"], f"{one['framework']}={one['old']}:{one['new']}") for one in document["upgrades"]] == [
        (upgrade.partition("=")[0], upgrade)
    ]


SAID = [
    ("mcp=2.0:2.3", "Upgrade of mcp from 2.0 to 2.3 changes nothing: its 2 tools run as before, and no pair changes its verdict."),
    ("fastmcp=2:4", "Upgrade of fastmcp from 2 to 4 changes nothing: no tool here is declared with fastmcp."),
    ("mcp=1.30:2.3", "Upgrade of mcp from 1.30 to 2.3: 2 of 2 tools run in another way, 1 pair changes its verdict"),
    ("mcp=2.3:9", "  (9 is newer than 2.3.0, whose behaviour is taken for it)"),
    ("fastmcp=1:2", "  (1 is older than 2.0, the oldest version that is described)"),
]


@pytest.mark.parametrize(("upgrade", "line"), SAID)
def test_what_changes_is_said_in_one_line_even_when_it_is_nothing(upgrade: str, line: str, project: Path, run) -> None:
    (project / "src" / "notes.py").write_text((project / "src" / "notes.py").read_text().replace('os.path.exists("notes.json")', "True"))
    (project / "src" / "notes.py").write_text(BODIES + MCP[: MCP.index("@server.tool()\nasync")].replace("return load()", "return []"))
    assert line in run("scan", "src", "--compare", upgrade, "--exit-zero").out.splitlines()


def test_the_pages_say_it_too(project: Path, run) -> None:
    run("scan", "src", "--compare", "mcp=2.0:2.3", "--exit-zero", "--output", "html=page.html", "--output", "markdown=page.md")
    for page in ("page.html", "page.md"):
        text = (project / page).read_text()
        assert "Upgrade of mcp from 2.0 to 2.3" in text
        assert "Changes nothing: its 2 tools run as before, and no pair changes its verdict." in text


def test_tools_of_other_frameworks_run_as_they_did(project: Path, run) -> None:
    """A hand-written loop's tools keep its way of running, so that no pair of theirs turns up."""
    (project / "src" / "notes.py").write_text(
        BODIES
        + MCP[: MCP.index("@server.tool()\nasync")]
        + "\n\nTOOLS = {'keep': save}\nSCHEMAS = [{'name': 'keep', 'description': 'Keep.', 'input_schema': {}}]\n"
        + "\n\ndef turn(message):\n    for call in message.tool_calls:\n        TOOLS[call.name](call.input)\n"
    )
    document = json.loads(run("scan", "src", "--compare", "mcp=1.30:2.3", "--exit-zero", "--format", "json").out)
    names = {tool["id"]: tool["name"] for tool in document["tools"]}
    assert {tool["name"]: tool["runs"] for tool in document["tools"]}["keep"] == "serial"
    assert not [row for row in document["migration"] if [names[tool] for tool in row["tools"]] == ["keep"]]


def test_the_example_project(project: Path, run) -> None:
    """Row by row: `add_note` rewrites a file that `list_notes` reads, `find_customer` sets the customer that `write_offer` reads."""
    racy = Path(__file__).parents[3] / "docs" / "examples" / "racy"
    shutil.copytree(racy, project / "racy")
    out = run("scan", "racy", "--compare", "mcp=1.30:2.3", "--exit-zero").out
    start = out.index("Upgrade of mcp")
    assert out[start : out.index("\n\n", start)].splitlines() == [
        "Upgrade of mcp from 1.30 to 2.3: 4 of 5 tools run in another way, 4 pairs change their verdict",
        "  event-loop → threads: calls run in worker threads and interleave anywhere",
        "    add_note, find_customer, list_notes and write_offer",
        "  add_note × itself            latent → live  lost-update of file:notes.json",
        "  add_note × list_notes        latent → live  stale-read of file:notes.json",
        "  find_customer × itself       latent → live  last-writer-wins of memory:CONTEXT[customer]",
        "  find_customer × write_offer  latent → live  stale-read of memory:CONTEXT[customer]",
    ]
