"""A baseline outlives what a formatter and a move of files change, and says which of its entries are gone."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import black

EXAMPLES = Path(__file__).parents[3] / "docs" / "examples" / "racy"


def expired(run, *words: str) -> list[str]:
    """The expired entries of a scan that finds nothing new."""
    said = run("scan", *words, "--baseline", "baseline.json", "--fail-on", "note", "--format", "json")
    assert said.code == 0, [
        f["message"] for f in (*json.loads(said.out)["findings"], *json.loads(said.out)["conflicts"]) if not f.get("suppressed")
    ]
    found: list[str] = json.loads(said.out)["baseline"].get("expired", [])
    return found


def test_it_outlives_a_formatter_and_moved_files(project: Path, run) -> None:
    shutil.copytree(EXAMPLES, project / "racy")
    run("scan", "racy", "--write-baseline", "baseline.json")
    assert len(json.loads((project / "baseline.json").read_text())["entries"]) > 15
    assert expired(run, "racy") == []
    for file in sorted((project / "racy").glob("*.py")):
        narrow = black.format_str("# moved down\n\n\n" + file.read_text(), mode=black.Mode(line_length=40))
        file.write_text(narrow)
    assert expired(run, "racy") == []
    # Names of files that sort the other way round, in another folder.
    (project / "racy").rename(project / "toolbox")
    for old, new in (("accounts", "z_bank"), ("world", "a_world"), ("langchain_tools", "b_tools"), ("openai_agent", "a_agent")):
        (project / "toolbox" / f"{old}.py").rename(project / "toolbox" / f"{new}.py")
        for file in (project / "toolbox").glob("*.py"):
            file.write_text(file.read_text().replace(f"import {old}", f"import {new} as {old}").replace(f"racy.{old}", f"toolbox.{new}"))
    for file in (project / "toolbox").glob("*.py"):
        file.write_text(file.read_text().replace("from racy", "from toolbox"))
    assert expired(run, "toolbox") == []


def test_what_is_gone_is_expired_and_what_is_new_fails(project: Path, run) -> None:
    run("scan", "src", "--write-baseline", "baseline.json")
    file = project / "src" / "notes.py"
    whole = file.read_text()
    file.write_text(whole[: whole.rindex("@mcp.tool()")])
    gone = expired(run, "src")
    entries = json.loads((project / "baseline.json").read_text())["entries"]
    assert {entry["code"] for entry in entries if entry["fingerprint"] in gone} >= {"TA102"}
    said = run("scan", "src", "--baseline", "baseline.json")
    assert said.code == 0
    assert "no longer found; write the baseline anew" in said.out
    file.write_text(whole.replace("add_note", "append_note"))
    assert run("scan", "src", "--baseline", "baseline.json").code == 1
