"""The invariants of docs/architecture.md that concern the whole and not one room."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = {
    "toolaudit_reports": ROOT / "reports/toolaudit_reports",
    "toolaudit": ROOT / "auditor/toolaudit",
    "pytest_toolaudit": ROOT / "pytest_plugin/pytest_toolaudit",
}
MODULES = [file for folder in PACKAGES.values() for file in sorted(folder.rglob("*.py"))]
LONG = {"auditor/toolaudit/facts.py"}
"""Still to be split: no file may join it."""
FACTORIES = {"_pointed"}
"""Functions that only hold a class."""
DRAWERS = {"utils", "util", "helpers", "helper", "common", "misc"}


def imported(file: Path) -> Iterator[str]:
    """The first parts of all modules that a file imports, wherever the import stands, but for type checking."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.partition(".")[0]


def python(code: str, *arguments: str, folder: Path = ROOT) -> str:
    sources = os.pathsep.join(str(path.parent) for path in PACKAGES.values())
    result = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": sources},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_packages_know_one_direction():
    order = list(PACKAGES)
    for position, name in enumerate(order):
        later = set(order[position + 1 :])
        wrong = {file.relative_to(ROOT): later & set(imported(file)) for file in PACKAGES[name].rglob("*.py")}
        assert {file: names for file, names in wrong.items() if names} == {}


def test_each_source_root_holds_one_package():
    for name, folder in PACKAGES.items():
        inside = [entry.name for entry in folder.parent.iterdir() if entry.suffix == ".py" or (entry / "__init__.py").is_file()]
        assert inside == [name]


def test_syntax_stays_in_the_project_room():
    """Downstream of facts nothing parses: libcst is imported by `project` (which reads) and `fixes` (which edits) alone."""
    allowed = {"project", "fixes"}
    parsers = [file.relative_to(PACKAGES["toolaudit"]) for file in PACKAGES["toolaudit"].rglob("*.py") if "libcst" in set(imported(file))]
    assert parsers
    assert [str(file) for file in parsers if file.parts[0] not in allowed] == []


def test_no_module_is_a_drawer():
    assert [str(file.relative_to(ROOT)) for file in MODULES if file.stem in DRAWERS] == []


@pytest.mark.parametrize("file", MODULES, ids=lambda file: str(file.relative_to(ROOT)))
def test_sizes(file):
    text = file.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 400 or file.relative_to(ROOT).as_posix() in LONG
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    long = [node.name for node in functions if (node.end_lineno or 0) - node.lineno >= 60]
    assert [name for name in long if name not in FACTORIES] == []


def test_a_rule_is_two_files():
    folder = PACKAGES["toolaudit"] / "rules"
    pages = {file.stem for file in folder.glob("*.md")}
    assert pages
    assert [name for name in pages if not (folder / f"{name}.py").is_file()] == []


def test_help_is_quick():
    """`--help` lists the commands and loads none of what they need."""
    code = (
        "import sys\nfrom toolaudit.cli import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "print('LOADED', [name for name in ('libcst', 'jinja2', 'rich', 'msgspec', 'sqlglot', 'hypothesis') if name in sys.modules])"
    )
    assert "LOADED []" in python(code)


def test_the_plugin_loads_little():
    """pytest loads the plugin in every project that has it installed, used or not."""
    code = (
        "import sys\nbefore = set(sys.modules)\nimport pytest, pytest_toolaudit.plugin\n"
        "heavy = ('libcst', 'jinja2', 'rich', 'sqlglot', 'hypothesis', 'sqlite3', 'asyncio')\n"
        "print('LOADED', [name for name in heavy if name in set(sys.modules) - before])"
    )
    assert "LOADED []" in python(code)


def test_the_scan_runs_nothing(tmp_path, run):
    (tmp_path / "tools.py").write_text(
        "from pathlib import Path\nfrom langchain_core.tools import tool\n"
        f"Path({str(tmp_path / 'ran')!r}).touch()\n\n@tool\ndef note(text: str) -> str:\n    'Keep it.'\n    return text\n",
        encoding="utf-8",
    )
    result = run(["toolaudit", "scan", str(tmp_path), "--format", "json"])
    assert [tool["name"] for tool in json.loads(result.stdout)["tools"]] == ["note"]
    assert not (tmp_path / "ran").exists()


def test_same_input_same_bytes(run, clone):
    outputs = {run(["toolaudit", "scan", "docs/examples", "--format", "json", "--no-cache", "--jobs", jobs]).stdout for jobs in "1122"}
    assert len(outputs) == 1
    assert str(clone) not in outputs.pop()


def test_no_tools_is_no_pass(tmp_path, run):
    (tmp_path / "plain.py").write_text("x = 1\n", encoding="utf-8")
    assert run(["toolaudit", "scan", str(tmp_path)]).returncode == 3


def test_pages_are_made_from_the_document_alone(tmp_path, run):
    made = run(
        ["toolaudit", "scan", "docs/examples/racy", "--output", f"json={tmp_path}/scan.json", "--output", f"html={tmp_path}/scan.html"]
    )
    assert made.returncode == 1, made.stderr
    assert run(["toolaudit", "report", f"{tmp_path}/scan.json", "--output", f"html={tmp_path}/report.html"]).returncode == 1
    assert (tmp_path / "report.html").read_bytes() == (tmp_path / "scan.html").read_bytes()
