"""Every framework's ways of declaring a tool, on small sources of ours: what is found, under which name, how it runs."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from toolaudit.frameworks import load, markers
from toolaudit.frameworks.checks import DiscoveryNote, dropped
from toolaudit.frameworks.discover import Discovery, discover
from toolaudit.frameworks.dispatch import with_runs
from toolaudit.frameworks.versions import Version, detect
from toolaudit.model import Tool
from toolaudit.project.local import open_project

FRAMEWORKS = load()


def _cases() -> ModuleType:
    spec = importlib.util.spec_from_file_location("frameworks_cases", Path(__file__).parent / "conftest.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


CASES = _cases().cases()


def written(folder: Path, sources: dict[str, str]) -> Path:
    for name, text in sources.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def found(folder: Path) -> Discovery:
    return discover(open_project([folder], markers(FRAMEWORKS)), FRAMEWORKS)


def line(tool: Tool) -> str:
    parameters = " ".join(one.name + (f"!{one.injected}" if one.injected else "") for one in tool.parameters)
    declared = " ".join(f"{name}={value}" for name, value in sorted(tool.declared.items()))
    cells = (tool.id, tool.name, tool.framework, tool.declared_by, tool.runs, parameters, declared)
    return " | ".join(cells).replace("|  |", "| |").strip()


def noted(note: DiscoveryNote) -> str:
    return f"{note.code} {note.place.file}:{note.place.line} {note.message.split('`')[1]}"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case, tmp_path):  # type: ignore[no-untyped-def]
    folder = written(tmp_path, case.sources)
    pins = "\n".join(f"{name}=={version}" for name, version in case.versions.items())
    (folder / "requirements.txt").write_text(pins)
    discovery = found(folder)
    versions: dict[str, Version] = detect([folder], FRAMEWORKS)
    tools = with_runs(discovery.tools, FRAMEWORKS, versions)
    notes = [*discovery.notes, *dropped(tools, discovery.written, FRAMEWORKS, versions)]
    assert [line(tool) for tool in tools] + sorted(map(noted, notes)) == [one.strip() for one in case.expected]


def test_every_framework_has_a_case():
    text = "\n".join("\n".join(case.expected) for case in CASES)
    silent = {framework.name for framework in FRAMEWORKS if f"| {framework.name} |" not in text}
    assert silent == {"instructor"}, "instructor declares models only"


def test_a_factory_is_told_from_the_tools_that_it_makes(tmp_path: Path):
    loops = next(case for case in CASES if case.name == "loops")
    tools = found(written(tmp_path, loops.sources)).tools
    assert [tool.name for tool in tools if tool.generated] == ["call"]


def test_names_that_lead_in_circles_end(tmp_path: Path):
    sources = {
        "one.py": (
            "from two import *\nfrom two import tool as again\na = b\nb = a\ntools = tools + [f]\n"
            "class A(B): pass\nclass B(A):\n    name = name\n    def _run(self): return self._run()\n"
            "tool = again\n@tool\ndef f(x): return f\n@a\ndef g(x): return x\n"
            "from mcp.server.fastmcp import FastMCP\napp = FastMCP('x', tools=tools)\n"
            "def make(): return make()\nserver = make()\n@server.tool()\ndef h(x): return x\n"
        ),
        "two.py": "from one import *\nfrom one import tool\n",
    }
    assert [tool.id for tool in found(written(tmp_path, sources)).tools] == ["one.py::f", "one.py::h"]


def test_long_and_deep_expressions_are_survived(tmp_path: Path):
    long = " + ".join(["'a'"] * 1500)
    deep = "[" * 90 + "]" * 90
    text = f"from mcp.server.fastmcp import FastMCP\napp = FastMCP('x')\nname = {long}\ntools = {deep}\n@app.tool(name=name)\ndef f(x): return x\n"
    assert [tool.id for tool in found(written(tmp_path, {"app.py": text})).tools] == ["app.py::f"]


def test_the_same_sources_give_the_same_tools(tmp_path: Path):
    bare = next(case for case in CASES if case.name == "bare")
    folder = written(tmp_path, bare.sources)
    assert found(folder) == found(folder)
