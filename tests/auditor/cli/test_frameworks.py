"""`toolaudit frameworks` and `catalogue` list what a scan from the same folder would use, and where it comes from."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

DESK = """
[framework]
name = "desk"
title = "Desk"

[[declare]]
kind = "decorator"
names = ["desk.action"]

[[run]]
entry = "Desk.run"
sync = "threads"
async = "event-loop"
sync_workers = 8
note = "a pool of its own"
"""


@pytest.fixture
def configured(project: Path) -> Path:
    (project / "desk.toml").write_text(DESK)
    (project / "pyproject.toml").write_text('[tool.toolaudit]\nframeworks = ["desk.toml"]\n')
    return project


def test_those_of_the_configuration_are_listed_with_their_file(configured: Path, run) -> None:
    told = run("frameworks")
    assert told.code == 0
    assert re.search(r"\ndesk +all +Desk\.run", told.out)
    assert told.out.endswith("\nNot toolaudit's own:\n  desk: desk.toml\n")


def test_from_a_folder_below_too(configured: Path, run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(configured / "src")
    assert f"  desk: {configured / 'desk.toml'}\n" in run("frameworks").out


def test_ours_alone_need_no_origin(project: Path, run) -> None:
    told = run("frameworks")
    assert "Not toolaudit's own" not in told.out
    assert {line.split()[0] for line in told.out.splitlines()[1:]} >= {"mcp", "fastmcp", "langchain", "bare"}


def test_a_package_s_files_are_listed_with_its_entry_point(project: Path, run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    package, info = tmp_path / "site" / "offer", tmp_path / "site" / "offer-1.0.dist-info"
    package.mkdir(parents=True)
    info.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('run')")
    (package / "desk.toml").write_text(DESK)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: offer\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[toolaudit.frameworks]\nours = offer\n")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    assert "  desk: desk.toml of the entry point ours\n" in run("frameworks").out


def test_one_that_takes_the_place_of_ours_says_so(configured: Path, run) -> None:
    (configured / "desk.toml").write_text(DESK.replace('"desk"', '"mcp"'))
    told = run("frameworks", "mcp")
    assert "  mcp: desk.toml, instead of mcp.toml\n" in told.out
    assert "desk.action" in told.out
    assert "Desk.run: a pool of its own\n" in told.out


def test_a_distribution_names_its_framework(project: Path, run) -> None:
    assert run("frameworks", "haystack-ai").out == run("frameworks", "haystack").out


def test_json_tells_the_file(configured: Path, run) -> None:
    files = {one["framework"]["name"]: one["file"] for one in json.loads(run("frameworks", "--json").out)}
    assert files["desk"] == "desk.toml"
    assert files["mcp"] == "mcp.toml"


def test_none_of_that_name(project: Path, run) -> None:
    told = run("frameworks", "nope")
    assert told.code == 2
    assert told.err.startswith("toolaudit: there is no framework `nope`; `toolaudit frameworks` lists the ")
    assert "did you mean langchain? " in run("frameworks", "langchian").err


def test_the_catalogue_counts_the_configured_files(project: Path, run) -> None:
    assert run("catalogue", "ledger.post").code == 1
    (project / "ledger.toml").write_text('[library]\nroots = ["ledger"]\ndefault = "unknown"\n\n[api."ledger.post"]\n')
    (project / "pyproject.toml").write_text('[tool.toolaudit]\ncatalogue = ["ledger.toml"]\n')
    assert run("catalogue", "ledger.post").code == 0
