"""What a refused call teaches: missing arguments, types, kinds of document; and what runs before a server starts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_toolaudit.confirming.arguments import How
from pytest_toolaudit.confirming.refusals import failure, first_lesson, lesson
from pytest_toolaudit.oracle.freeze import freeze
from toolaudit_reports.document import EvidenceItem, load_evidence

PYDANTIC = "1 validation error for CreateTask\nname\n  Field required [type=missing, input_value={}, input_type=dict]\n"
TYPED = "1 validation error for GetTask\nid\n  Input should be a valid integer, unable to parse string as an integer [type=int_parsing]\n"


def _tool() -> Any:
    return SimpleNamespace(parameters=(), id="t", name="t")


@pytest.mark.parametrize(
    ("said", "given", "wanted"),
    [
        (PYDANTIC, {}, {"name": "alpha"}),
        (TYPED, {"id": "alpha"}, {"id": 1}),
        ("raised TypeError: f() missing 2 required positional arguments: 'title' and 'body'", {}, {"title": "alpha", "body": "alpha"}),
        ("'query' is a required property", {}, {"query": "alpha"}),
        ("Error: Missing required argument: sheet_name", {}, {"sheet_name": "Sheet1"}),
        ("Missing required parameter 'note'", {"note": "there"}, None),
        ("the disk is full", {}, None),
    ],
)
def test_a_refusal_names_what_is_missing(said: str, given: dict[str, Any], wanted: dict[str, Any] | None) -> None:
    learned = lesson(said, _tool(), given, How())
    assert (learned.arguments if learned is not None else None) == wanted


@pytest.mark.parametrize("said", ["graph_id and topology are required for create", "Both graph_id, mode & topology must be provided"])
def test_a_refusal_names_several(said: str) -> None:
    parameters = tuple(
        SimpleNamespace(name=name, annotation=kind, required=False) for name, kind in [("graph_id", "str"), ("topology", "dict")]
    )
    learned = lesson(said, SimpleNamespace(parameters=parameters, id="t", name="t"), {"graph_id": "alpha"}, How())
    assert learned is not None
    assert set(learned.arguments) == {"topology"}


def test_what_the_model_gave_is_looked_at_before_what_is_beside_it() -> None:
    beside = {"name": "create_task", "project_id": "alpha"}
    missing = first_lesson(PYDANTIC, _tool(), ({}, beside), How())
    assert missing is not None
    assert missing.arguments == {"name": "alpha"}
    relative = first_lesson("project_id must be an absolute path", _tool(), ({}, beside), How())
    assert relative is not None
    assert relative.arguments == {"project_id": str(Path.cwd())}


def test_a_place_whose_name_does_not_say_so_is_the_working_folder() -> None:
    said = "project_id must be an absolute path (e.g. '/home/user/project'). Got relative path: 'alpha'"
    learned = lesson(said, _tool(), {"project_id": "alpha", "path": "toolaudit.json"}, How())
    assert learned is not None
    assert (learned.arguments, learned.absolute) == ({"project_id": str(Path.cwd())}, True)


def test_a_refusal_names_the_kind_of_document() -> None:
    learned = lesson("Unsupported file type .json; use .xlsx or .xlsm", _tool(), {"path": "toolaudit.json"}, How())
    assert learned is not None
    assert learned.kind == "xlsx"


@pytest.mark.parametrize(
    ("answer", "failed"),
    [
        ([SimpleNamespace(type="text", text="Error: no such note")], True),
        ([{"type": "text", "text": "done"}], False),
        ("Not found: id=1", True),
        ('{"error": true, "code": "not_found"}', True),
        ({"notes": ["Error handling", "Failed tests"]}, False),
        ("2 errors fixed", False),
        ({"success": False}, True),
    ],
)
def test_an_answer_that_speaks_of_an_error_is_a_failure(answer: Any, *, failed: bool) -> None:
    assert (failure(("returned", freeze(answer))) is not None) == failed


UNDECLARED = """
import json
from pathlib import Path

from mcp.server import Server
from mcp.types import TextContent, Tool

server = Server("counts")
FILE = Path("counts.json")


@server.list_tools()
async def list_tools():
    return [Tool(name="count", description="Count.", inputSchema={})]


@server.call_tool()
async def call_tool(name, arguments):
    if name == "count":
        if "word" not in arguments:
            return [TextContent(type="text", text="Error: word is required")]
        counts = json.loads(FILE.read_text()) if FILE.exists() else {}
        counts[arguments["word"]] = counts.get(arguments["word"], 0) + 1
        FILE.write_text(json.dumps(counts))
        return [TextContent(type="text", text=str(counts))]
    raise ValueError(name)
"""

STARTED = """
import sqlite3
from pathlib import Path

from mcp.server.fastmcp import FastMCP

server = FastMCP("counts")
FOLDER = Path.home() / ".counts"


def connected():
    return sqlite3.connect(FOLDER / "counts.db")


def init():
    FOLDER.mkdir(exist_ok=True)
    with connected() as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS counts (n INTEGER)")
        connection.execute("INSERT INTO counts VALUES (0)")
    connection.close()


@server.tool()
def bump() -> int:
    connection = connected()
    n = connection.execute("SELECT n FROM counts").fetchone()[0]
    connection.execute("UPDATE counts SET n = ?", (n + 1,))
    connection.commit()
    connection.close()
    return n + 1


def main():
    init()
    server.run(transport="stdio")


if __name__ == "__main__":
    main()
"""

UNTYPED = """
COUNT = {"n": 0}


def register(server):
    @server.tool()
    def bump() -> int:
        n = COUNT["n"]
        COUNT["n"] = n + 1
        return n + 1


def build():
    from mcp.server.fastmcp import FastMCP

    server = FastMCP("counts")
    register(server)
    return server
"""


def confirm(folder: Path, *words: str) -> tuple[EvidenceItem, ...]:
    """The evidence of a run of the command."""
    command = [sys.executable, "-m", "toolaudit", "confirm", *words, "--evidence", "evidence.json", "--budget", "60", "--seconds", "300"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600)
    assert (folder / "evidence.json").exists(), done.stdout + done.stderr
    return load_evidence((folder / "evidence.json").read_bytes()).items


def test_an_argument_that_no_schema_declares_is_learned(tmp_path: Path) -> None:
    (tmp_path / "tools.py").write_text(UNDECLARED)
    items = confirm(tmp_path, "tools.py")
    assert items
    assert all("'word'" in call.arguments["arguments"] for item in items for call in item.calls), items


def test_what_the_entry_point_does_before_its_server_runs_is_done(tmp_path: Path) -> None:
    (tmp_path / "tools.py").write_text(STARTED)
    items = confirm(tmp_path, "tools.py")
    assert "confirmed" in {item.verdict for item in items}, items
    assert [item.reason for item in items if item.verdict == "cannot-run"] == []


def test_a_server_that_no_annotation_tells_is_stood_in(tmp_path: Path) -> None:
    (tmp_path / "tools.py").write_text(UNTYPED)
    items = confirm(tmp_path, "tools.py")
    assert {item.verdict for item in items if item.kind == "racy"} == {"confirmed"}, items


def test_tools_that_lie_elsewhere_are_found_and_replayed_from_here(tmp_path: Path) -> None:
    """Files are shown relative to the folder that was named; the command that replays an item works where it was run."""
    there, here = tmp_path / "there", tmp_path / "here"
    there.mkdir()
    here.mkdir()
    (there / "tools.py").write_text(UNTYPED)
    items = confirm(here, str(there), "--write-tests", "kept")
    found = next(item for item in items if item.verdict == "confirmed")
    assert found.tools[0].startswith("tools.py::")
    assert found.witness is not None
    assert "../there/tools.py" in found.witness.replay
    done = subprocess.run([sys.executable, "-m", "pytest", "kept", "-q"], cwd=here, capture_output=True, text=True, timeout=600)
    assert "equals no serial order" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("said", "given", "wanted"),
    [
        ("Unsupported operation: alpha. Use 'add', 'remove' or 'list'", {"operation": "alpha", "text": "alpha"}, {"operation": "add"}),
        (
            "Invalid relationship type: beta. Must be one of ('blocks', 'duplicates')",
            {"relationship_type": "beta"},
            {"relationship_type": "blocks"},
        ),
        ("mode 'alpha' is not valid; valid modes are: fast, slow", {"mode": "alpha"}, {"mode": "fast"}),
        ("text 'alpha' is too short", {"text": "alpha"}, None),
    ],
)
def test_a_refusal_that_lists_what_may_be_given_is_heeded(said: str, given: dict[str, Any], wanted: dict[str, Any] | None) -> None:
    learned = lesson(said, _tool(), given, How())
    assert (learned.arguments if learned is not None else None) == wanted


def test_what_exists_nowhere_is_left_out_where_it_may_be() -> None:
    parameters = [
        SimpleNamespace(name=name, required=required, annotation="str") for name, required in (("project", False), ("name", True))
    ]
    tool: Any = SimpleNamespace(parameters=parameters, id="t", name="t")
    learned = lesson("Project 'alpha' is not registered.", tool, {"project": "alpha", "name": "alpha"}, How())
    assert learned is not None
    assert learned.without == {"project"}
    required = lesson("Name 'alpha' is not registered.", tool, {"name": "alpha"}, How())
    assert required is not None
    assert (required.without, required.missing) == (set(), {"name"})


def test_a_path_that_must_be_absolute_is() -> None:
    learned = lesson("path must be absolute", _tool(), {"path": "toolaudit.json"}, How())
    assert learned is not None
    assert learned.absolute


LATER: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("provide fire_in_seconds > 0 or fire_at", {"seconds": 0, "fire_in_seconds": 0}, {"fire_in_seconds": 1}),
    ("path does not exist: /tmp/x/alpha.json", {"path": "/tmp/x/alpha.json"}, {"path": "."}),
    (
        "Invalid relationship type: alpha. Must be one of ('blocks', 'relates_to')",
        {"relationship_type": "alpha"},
        {"relationship_type": "blocks"},
    ),
    ("{'error': 'No session with ID: alpha', 'message': 'gone', 'rows': None}", {"session_id": "alpha"}, {}),
]


@pytest.mark.parametrize(("said", "given", "wanted"), LATER)
def test_a_refused_value_is_replaced(said: str, given: dict[str, Any], wanted: dict[str, Any]) -> None:
    parameters = [SimpleNamespace(name=name, required=True, annotation="int" if value == 0 else "str") for name, value in given.items()]
    learned = lesson(said, SimpleNamespace(parameters=parameters, id="t", name="t"), given, How())  # type: ignore[arg-type]
    assert (dict(learned.arguments) if learned is not None else {}) == wanted


@pytest.mark.parametrize(
    ("said", "given", "missing"),
    [
        ("Project 'alpha' is not registered.", {"project": "alpha"}, {"project"}),
        ("Item not found: 1", {"item_id": 1}, {"item_id"}),
        ("Table 'alpha' does not exist", {"table_name": "alpha"}, {"table_name"}),
        ("no such note: alpha", {"note": "alpha"}, {"note"}),
        ("the project is full", {"project": "alpha"}, set()),
    ],
)
def test_what_does_not_exist_is_told(said: str, given: dict[str, Any], missing: set[str]) -> None:
    parameters = [SimpleNamespace(name=name, required=True, annotation="str") for name in given]
    learned = lesson(said, SimpleNamespace(parameters=parameters, id="t", name="t"), given, How())  # type: ignore[arg-type]
    assert (set(learned.missing) if learned is not None else set()) == missing


@pytest.mark.parametrize(
    ("said", "first"),
    [
        ("No document is open for handle 'a'. Call open_document first.", {"open_document"}),
        ("no session: use `start_session` before any other tool", {"start_session"}),
        ("the first call failed", set()),
    ],
)
def test_a_refusal_names_the_tool_to_call_first(said: str, first: set[str]) -> None:
    learned = lesson(said, _tool(), {}, How())
    assert (set(learned.first) if learned is not None else set()) == first
