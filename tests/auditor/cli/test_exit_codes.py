"""Each gate with its exit code, through the commands."""

from __future__ import annotations

from pathlib import Path

import pytest

SAFE = """
from mcp.server.fastmcp import FastMCP

mcp = FastMCP("sums")


@mcp.tool()
def add(a: int, b: int) -> int:
    return a + b
"""
LATE = """
from mcp.server.fastmcp import FastMCP

mcp = FastMCP("plugins")


@mcp.tool()
def run_plugin(plugin, text: str) -> str:
    return plugin(text)
"""


def scan(run, *words: str) -> int:
    return int(run("scan", *words).code)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ((), 1),
        (("--fail-on", "error"), 1),
        (("--fail-on", "never"), 0),
        (("--exit-zero",), 0),
        (("--select", "stale-read"), 0),
        (("--select", "stale-read", "--fail-on", "note"), 1),
        (("--ignore", "lost-update,stale-read"), 0),
    ],
)
def test_findings(run, words: tuple[str, ...], code: int) -> None:
    assert scan(run, "src", *words) == code


def test_nothing_found(project: Path, run) -> None:
    (project / "src" / "notes.py").write_text(SAFE)
    assert scan(run, "src") == scan(run, "src", "--fail-on", "warning") == scan(run, "src", "--strict") == 0


def test_no_tools(project: Path, run) -> None:
    (project / "src" / "notes.py").write_text("x = 1\n")
    assert [scan(run, "src"), scan(run, "src", "--fail-on", "never"), scan(run, "src", "--exit-zero")] == [3, 3, 0]
    assert run("graph", "src").code == 3
    assert run("confirm", "src").code == 3


@pytest.mark.parametrize("broken", ["unread", "unresolved"])
def test_incomplete(project: Path, run, broken: str) -> None:
    text = {"unread": SAFE + "\n\ndef broken(:\n", "unresolved": LATE}[broken]
    (project / "src" / "notes.py").write_text(SAFE)
    (project / "src" / "more.py").write_text(text)
    assert scan(run, "src") == 0
    assert scan(run, "src", "--strict") == 4
    assert scan(run, "src", "--strict", "--exit-zero") == 0


@pytest.mark.parametrize(
    ("table", "code"),
    [
        ("fail-on = 'never'", 0),
        ("[tool.toolaudit.severity]\nlost-update = 'warning'", 0),
        ("fail-on = 'warning'\n[tool.toolaudit.severity]\nlost-update = 'warning'", 1),
        ("[tool.toolaudit.severity]\nlost-update = 'off'\nstale-read = 'error'", 1),
        ("[tool.toolaudit.per-file-ignores]\n'notes.py' = ['lost-update']", 0),
        ("[tool.toolaudit.per-file-ignores]\n'other.py' = ['lost-update']", 1),
    ],
)
def test_configuration(project: Path, run, table: str, code: int) -> None:
    (project / "pyproject.toml").write_text(f"[tool.toolaudit]\n{table}\n")
    assert scan(run, "src") == code


def test_a_comment_accepts_and_an_unused_one_is_reported(project: Path, run) -> None:
    file = project / "src" / "notes.py"
    text = file.read_text()
    file.write_text(
        text.replace("def add_note(text: str) -> str:", "def add_note(text: str) -> str:  # toolaudit: ignore[lost-update] one writer")
    )
    said = run("scan", "src")
    assert said.code == 0
    file.write_text(SAFE.replace("def add(", "# toolaudit: ignore[lost-update] gone\ndef add("))
    said = run("scan", "src")
    assert said.code == 0
    assert "notes.py:8: suppression of TA101 no longer suppresses anything" in said.out


@pytest.mark.parametrize(
    ("above", "code"),
    [
        ("# toolaudit: ignore[lost-update] one writer\n@mcp.tool()\n", 0),
        ("# toolaudit: ignore[lost-update] one writer\n# and that for good\n@mcp.tool(\n    name='add',\n)\n@traced\n", 0),
        ("@mcp.tool()  # toolaudit: ignore[lost-update] one writer\n", 0),
        ("# toolaudit: ignore[lost-update] of something else\n\n@mcp.tool()\n", 1),
        ("# toolaudit: ignore[lost-update] of something else\nOTHER = (\n    1,\n)\n@mcp.tool()\n", 1),
    ],
)
def test_a_comment_above_the_decorators_is_on_the_tool(project: Path, run, above: str, code: int) -> None:
    file = project / "src" / "notes.py"
    file.write_text(file.read_text().replace("@mcp.tool()\ndef add_note", f"{above}def add_note"))
    said = run("scan", "src")
    assert said.code == code
    assert ("no longer suppresses" in said.out) == bool(code)


def test_report_is_one_gate_over_all(project: Path, run) -> None:
    (project / "safe").mkdir()
    (project / "safe" / "sums.py").write_text(SAFE)
    run("scan", "src", "--output", "json=racy.json")
    run("scan", "safe", "--output", "json=safe.json")
    assert run("report", "safe.json").code == 0
    assert run("report", "safe.json", "racy.json").code == run("report", "racy.json", "safe.json").code == 1
    assert run("report", "racy.json", "--exit-zero").code == run("report", "racy.json", "--fail-on", "never").code == 0
    (project / "pyproject.toml").write_text("[tool.toolaudit]\nfail-on = 'never'\n")
    assert run("report", "racy.json").code == 0, "the project's configuration counts here too"
    assert run("report", "racy.json", "--fail-on", "error").code == 1
