"""`toolaudit.replay`: recordings meet the project's tools, in real pytest sessions."""

from __future__ import annotations

import json
from typing import Any

import pytest

import pytest_toolaudit.replaying  # noqa: F401 - loaded before pytester takes its snapshot of sys.modules
import toolaudit.pipeline  # noqa: F401

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.timeout(120)

SERVER = """
import dataclasses, datetime, enum
from langchain_core.tools import tool
COUNTS, SESSION, SEEN = {}, {}, []

class Size(enum.Enum):
    SMALL = "small"

@dataclasses.dataclass
class Item:
    name: str
    size: Size

@tool
def put(key: str) -> int:
    "Counts."
    COUNTS[key] = COUNTS.get(key, 0) + 1
    return COUNTS[key]

@tool
def login(user: str) -> None:
    "Signs in."
    SESSION["user"] = user

@tool
def whoami() -> str:
    "Needs login."
    return SESSION["user"]

@tool
async def keep(item: Item, day: datetime.date, also: list[Item] | None = None) -> str:
    "Takes typed values."
    return f"{item.size.name} {day.year} {also and also[0].name}"

@tool
def lend(book: str) -> None:
    "Writes a file."
    from pathlib import Path
    path = Path("lent.txt")
    old = path.read_text() if path.exists() else ""
    path.write_text(old + book)
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A project whose tools a scan finds."""
    pytester.makepyfile(server=SERVER)
    (pytester.mkpydir("langchain_core") / "tools.py").write_text("def tool(function):\n    return function\n")
    pytester.makeini("[pytest]\npythonpath = .\ntoolaudit_tools = server.py\naddopts = -p no:cacheprovider -p no:hypothesispytest\n")
    return pytester


def replayed(project: pytest.Pytester, recording: Any, body: str = "toolaudit.replay('turns.json')") -> pytest.RunResult:
    (project.path / "turns.json").write_text(recording if isinstance(recording, str) else json.dumps(recording))
    project.makepyfile(test_it=f"import server\ndef test_recorded(toolaudit):\n    {body}\n")
    return project.runpytest()


def chat(*calls: tuple[str, Any]) -> dict[str, Any]:
    told = [
        {"id": f"c{n}", "type": "function", "function": {"name": name, "arguments": json.dumps(given)}}
        for n, (name, given) in enumerate(calls)
    ]
    return {"role": "assistant", "tool_calls": told}


def test_tools_are_found_by_the_scan(project: pytest.Pytester) -> None:
    recording = {"messages": [chat(("put", {"key": "x"})), chat(("put", {"key": "a"}), ("mcp__demo__put", {"key": "a"}))]}
    result = replayed(project, recording)
    result.assert_outcomes(failed=1)
    text = result.stdout.str()
    assert "turn 2 of 2 (turns.json: messages[1]): shared-state mutation on memory:COUNTS[a]" in text.replace(str(project.path) + "/", "")
    assert "put(key='a')" in text
    assert "'x': 1" in text, "the turn before ran"


def test_given_tools_and_state(project: pytest.Pytester) -> None:
    recording = [[{"tool": "login", "arguments": {"user": "ann"}}], [{"tool": "who"}, {"tool": "who"}]]
    body = """
    tools = {"login": server.login, "who": server.whoami}
    found = toolaudit.replay('turns.json', tools=tools)
    assert [v.kind for v in found] == ["independent"], found
    assert found[0].outcome.results == (("returned", "ann"),) * 2
    made = []
    def world():
        server.SESSION.clear(); made.append(1)
    found = toolaudit.replay('turns.json', tools=tools, state=world)
    assert found[0].outcome.results == (("returned", "ann"),) * 2 and len(made) > 1
    """
    replayed(project, recording, body.strip()).assert_outcomes(passed=1)


def test_typed_arguments(project: pytest.Pytester) -> None:
    item = {"name": "tea", "size": "small"}
    call = {"tool": "keep", "arguments": {"item": item, "day": "2026-01-02", "also": [item]}}
    body = "found = toolaudit.replay('turns.json')\n    assert found[0].outcome.results[0] == ('returned', 'SMALL 2026 tea')"
    replayed(project, [call, call], body).assert_outcomes(passed=1)


def test_files_of_earlier_turns_are_there_and_gone_afterwards(project: pytest.Pytester) -> None:
    lend = {"tool": "lend", "arguments": {"book": "a"}}
    result = replayed(project, [[lend], [lend, lend]])
    result.assert_outcomes(failed=1)
    assert "file:lent.txt = 'aaa'" in result.stdout.str()
    assert not (project.path / "lent.txt").exists()


PUT = {"tool": "put", "arguments": {"key": "a"}}
BAD = {
    "unknown tool": ([PUT, {"tool": "putt"}], "turns.json[1]: no tool is called 'putt' (did you mean 'put'?)"),
    "no such argument": (
        [PUT, {"tool": "put", "arguments": {"key": "a", "k": 1}}],
        "turns.json[1]: put does not take these arguments (got an unexpected keyword argument 'k')",
    ),
    "missing argument": ([PUT, {"tool": "put"}], "turns.json[1]: put needs the argument 'key', which is not among those recorded"),
    "not the type": (
        [PUT, {"tool": "keep", "arguments": {"item": {"name": "a", "size": "huge"}, "day": "2026-01-02"}}],
        "turns.json[1]: keep: Invalid enum value 'huge' - at `$.size`",
    ),
    "broken arguments": ([PUT, {"tool": "put", "arguments": "{"}], "turns.json[1]: the arguments of put are not valid JSON"),
    "broken file": ("{", "turns.json:1:2: not valid JSON"),
    "one call": ([PUT], "no turn of turns.json has two calls: nothing would run in parallel"),
}


@pytest.mark.parametrize(("recording", "line"), BAD.values(), ids=BAD)
def test_bad_recordings_fail_in_one_line(project: pytest.Pytester, recording: Any, line: str) -> None:
    result = replayed(project, recording)
    result.assert_outcomes(failed=1)
    text = result.stdout.str().replace(str(project.path) + "/", "")
    assert f"toolaudit cannot replay: {line}" in text
    assert "Traceback" not in text and "raise " not in text


def test_two_tools_of_one_name(project: pytest.Pytester) -> None:
    project.makepyfile(other=SERVER)
    project.makeini(
        "[pytest]\npythonpath = .\ntoolaudit_tools = server.py other.py\naddopts = -p no:cacheprovider -p no:hypothesispytest\n"
    )
    text = replayed(project, [PUT, PUT]).stdout.str()
    assert "2 tools are called 'put' (other.py::put, server.py::put): pass tools=[…]" in text


def test_one_turn(project: pytest.Pytester) -> None:
    body = "assert len(toolaudit.replay('turns.json', turn=2)) == 1\n    toolaudit.replay('turns.json', turn=3)"
    result = replayed(project, [[PUT, PUT], [PUT]], body)
    assert "turns.json has 2 turns of tool calls, so turn=3 is none of them" in result.stdout.str()
