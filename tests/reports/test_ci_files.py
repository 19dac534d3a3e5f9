"""The files that CI systems read: the action's own script is run, the hook runs the command it names."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
ACTION = (ROOT / ".github" / "actions" / "scan" / "action.yml").read_text()
HOOK = (ROOT / ".pre-commit-hooks.yaml").read_text()
TOOLS = """
import json
from mcp.server.fastmcp import FastMCP

mcp = FastMCP("notes")


@mcp.tool()
def add_note(text: str) -> str:
    with open("notes.json") as file:
        notes = json.load(file)
    notes.append(text)
    with open("notes.json", "w") as file:
        json.dump(notes, file)
    return "kept"
"""


def script(step: str) -> str:
    """The `run: |` block of one step of the action."""
    found = re.search(rf"- name: {step}\n.*?run: \|\n(.*?)(?=\n\n|\Z)", ACTION, re.DOTALL)
    assert found is not None, step
    return re.sub(r"(?m)^ {8}", "", found[1])


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "tools.py").write_text(TOOLS)
    command = tmp_path / "temp" / "toolaudit-venv" / "bin" / "toolaudit"
    command.parent.mkdir(parents=True)
    paths = os.pathsep.join(path for path in sys.path if path)
    command.write_text(f"#!/bin/sh\nPYTHONPATH='{paths}' exec '{sys.executable}' -m toolaudit \"$@\"\n")
    command.chmod(0o755)
    return tmp_path


def run_scan(project: Path, **inputs: str) -> dict[str, str]:
    """The action's scan step on a project; returns the outputs it set."""
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("needs bash")
    environment = {
        "PATH": os.environ["PATH"],
        "RUNNER_TEMP": str(project / "temp"),
        "GITHUB_OUTPUT": str(project / "output"),
        "GITHUB_STEP_SUMMARY": str(project / "summary.md"),
        "XDG_CACHE_HOME": str(project / "cache"),
        "HOME": str(project),
        "PATHS": "src",
        "ARGS": "",
        "FAIL_ON": "",
    }
    done = subprocess.run(
        [bash, "--noprofile", "--norc", "-eo", "pipefail", "-c", script("Scan")],
        cwd=project,
        env=environment | inputs,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return dict(line.split("=", 1) for line in (project / "output").read_text().splitlines())


def test_the_action_scans_and_keeps_the_verdict_for_the_last_step(project: Path) -> None:
    outputs = run_scan(project)
    assert outputs["exit-code"] == "1"
    assert Path(outputs["page"]).read_text().startswith("<!DOCTYPE html>")
    assert '"version": "2.1.0"' in Path(outputs["sarif"]).read_text()
    assert "Gate failed" in (project / "summary.md").read_text()
    assert (project / "temp" / "toolaudit" / "toolaudit.json").is_file()


def test_the_action_passes_options_on(project: Path) -> None:
    assert run_scan(project, FAIL_ON="never", ARGS="--jobs 1 --no-cache")["exit-code"] == "0"


def test_a_usage_error_sets_no_documents(project: Path) -> None:
    outputs = run_scan(project, PATHS="no/such/folder")
    assert outputs == {"exit-code": "2"}


@pytest.mark.parametrize("name", ["PATHS", "ARGS", "FAIL_ON"])
def test_inputs_are_never_run(project: Path, name: str) -> None:
    run_scan(project, **{name: "src; touch owned $(touch owned) `touch owned` && touch owned"})
    assert not (project / "owned").exists()
    assert "${{ inputs" not in script("Scan") + script("Install toolaudit")


def test_actions_are_pinned_by_commit() -> None:
    used = re.findall(r"uses: (\S+)", ACTION)
    assert len(used) == 3
    assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", name) for name in used)


def test_the_hook_scans_everything() -> None:
    assert "entry: toolaudit scan\n" in HOOK
    assert "pass_filenames: false\n" in HOOK
