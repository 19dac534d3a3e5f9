"""A function that registers tools hands its own arguments to them: they are what the project calls it with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from toolaudit.effects.summarise import footprints
from toolaudit.model import Footprint, Tool
from toolaudit.project import open_project

REGISTER = """\
def register(app, store, current):
    @app.tool()
    def put(name, text):
        store[name or current()] = text
"""
AT_TOP = "STORE = {}\nNOW = None\ndef current():\n    return NOW\ndef move(x):\n    global NOW\n    NOW = x\n"


def _touched(tmp_path: Path, catalogue: Any, files: dict[str, str], function: str = "register.put") -> Footprint:
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    tool = Tool(id="t", name="put", file="m.py", line=3, function=function, framework="test", declared_by="d", is_async=False)
    with open_project([tmp_path], {"test": b"app"}) as project:
        return footprints(project, [tool], catalogue)[0]


@pytest.mark.parametrize(
    ("files", "scope"),
    [
        ({"m.py": AT_TOP + REGISTER + "register(app, STORE, current)\n"}, "m.py"),
        ({"m.py": AT_TOP + REGISTER + "def main():\n    register(app, STORE, current=current)\n"}, "m.py"),
        ({"m.py": REGISTER, "server.py": AT_TOP + "from m import register\nregister(app, STORE, current)\n"}, "server.py"),
        ({"m.py": REGISTER, "server.py": AT_TOP + "import m\nm.register(app, STORE, current)\n"}, "server.py"),
        (
            {
                "m.py": REGISTER,
                "server.py": AT_TOP + "def main():\n    from m import register\n    register(app, STORE, current)\nmain()\n",
            },
            "server.py",
        ),
    ],
    ids=["at the top level", "in a function", "in another module", "through the module", "imported by the function"],
)
def test_what_is_handed_over_is_the_callers(tmp_path: Path, catalogue: Any, files: dict[str, str], scope: str) -> None:
    found = _touched(tmp_path, catalogue, files)
    writes = [(a.resource.kind, a.resource.key[0].kind, a.resource.key[0].text, a.resource.scope) for a in found.accesses if a.mode == "w"]
    assert writes == [("memory", "global", "STORE", scope)]
    assert [call.callee for call in found.unknown_calls] == []


def test_without_a_call_the_parameters_stay_open(tmp_path: Path, catalogue: Any) -> None:
    found = _touched(tmp_path, catalogue, {"m.py": REGISTER})
    assert [(call.callee, call.reason) for call in found.unknown_calls] == [("current", "untyped-parameter")]
    assert {a.resource.key[0].kind for a in found.accesses if a.mode == "w"} == {"cell"}


def test_calling_what_is_not_known_is_not_resolved(footprint_of: Any) -> None:
    source = "class Adapter:\n    def __init__(self, tool):\n        self.run_it = tool.run\n    def run(self, x):\n        return self.run_it(x)\n"
    found = footprint_of(source, "Adapter.run")["Adapter.run"]
    assert found.calls_resolved < found.calls_total
    assert found.unknown_calls


def test_what_is_done_before_a_tool_is_made_is_not_charged_to_it(tmp_path: Path, catalogue: Any) -> None:
    helpers = "".join(f"def made_{i}(x):\n    return x + {i}\n" for i in range(500))
    before = "def register(app, store, current):\n" + "".join(f"    made_{i}(1)\n" for i in range(500))
    after = "    @app.tool()\n    def put(name, text):\n        keep(store, name, text)\n"
    keeps = "STORE = {}\ndef keep(store, name, text):\n    store[name] = text\n"
    found = _touched(tmp_path, catalogue, {"m.py": helpers + keeps + before + after + "register(app, STORE, None)\n"})
    assert [call.callee for call in found.unknown_calls] == []
    assert [a.resource.key[0].text for a in found.accesses if a.mode == "w"] == ["STORE"]
