"""The site builds without a warning, and holds a page for each code."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest


@pytest.fixture(scope="module")
def site(root, tmp_path_factory):
    pytest.importorskip("furo", reason="the extra `docs` is not installed")
    folder = tmp_path_factory.mktemp("site")
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "-W",
        "--keep-going",
        "-q",
        "-b",
        "html",
        "-d",
        str(folder / "trees"),
        "docs",
        str(folder / "html"),
    ]
    sources = os.pathsep.join(str(root / name) for name in ("auditor", "pytest_plugin", "reports"))
    result = subprocess.run(
        command, cwd=root, env=os.environ | {"PYTHONPATH": sources}, capture_output=True, text=True, timeout=300, check=False
    )
    assert result.returncode == 0, result.stderr
    return folder / "html"


def test_every_code_has_a_page(site):
    from toolaudit import rules

    for page in rules.pages():
        assert (site / f"reference/codes/{page.name}.html").is_file(), page.name


def test_commands_are_on_the_page(site):
    from toolaudit.cli import COMMANDS

    text = (site / "reference/commands.html").read_text(encoding="utf-8")
    assert [name for name in COMMANDS if f'id="{name}"' not in text] == []


def test_frameworks_are_on_the_pages(site):
    from toolaudit.frameworks.load import load

    for page in ("reference/frameworks.html", "explanation/runners.html"):
        text = (site / page).read_text(encoding="utf-8")
        assert [framework.name for framework in load() if framework.framework.title not in text] == []


def test_the_page_of_a_rule_needs_no_network(site):
    text = (site / "tutorial.html").read_text(encoding="utf-8")
    assert 'src="http' not in text
