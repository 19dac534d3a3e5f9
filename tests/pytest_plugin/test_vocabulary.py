"""One vocabulary: what the replay of a pair is witnessed on is what the scan named for that pair."""

from __future__ import annotations

import importlib.util
import re
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

import toolaudit
from pytest_toolaudit import call, explore

pytestmark = pytest.mark.timeout(120)
HEAD = """\
import contextlib, io, json, os, sqlite3, sys
from dataclasses import dataclass
from pathlib import Path
from agents import RunContextWrapper, function_tool
from smolagents import tool
STATS = {}
COUNT = 0
ROWS = []
DEEP = {"a": {"b": 0}, "rows": []}

class Settings:
    level = 0
    names = []

class Basket:
    def __init__(self):
        self.items = []
        self.total = 0
        self.meta = {"n": 0}

class Shop:
    def __init__(self):
        self.basket = Basket()

BASKET = Basket()
SHOP = Shop()

"""
SHAPES = {
    "global": "global COUNT\nold = COUNT\nCOUNT = old + 1",
    "key of a dictionary": "STATS['x'] = STATS.get('x', 0) + 1",
    "key from an argument": "STATS[name] = STATS.get(name, 0) + 1",
    "list": "n = len(ROWS)\nROWS.append((n, name))",
    "nested containers": "old = DEEP['a']['b']\nDEEP['a']['b'] = old + 1",
    "list in a dictionary": "n = len(DEEP['rows'])\nDEEP['rows'].append((n, name))",
    "class attribute": "old = Settings.level\nSettings.level = old + 1",
    "list of a class": "n = len(Settings.names)\nSettings.names.append((n, name))",
    "attribute of a global object": "old = BASKET.total\nBASKET.total = old + 1",
    "list of a global object": "n = len(BASKET.items)\nBASKET.items.append((n, name))",
    "object in an object": "old = SHOP.basket.total\nSHOP.basket.total = old + 1",
    "key in an object in an object": "old = SHOP.basket.meta['n']\nSHOP.basket.meta['n'] = old + 1",
    "file": "old = json.loads(Path('notes.json').read_text())\nPath('notes.json').write_text(json.dumps([*old, name]))",
    "file in a folder": "p = Path('data') / f'{name}.txt'\nold = p.read_text() if p.exists() else ''\np.write_text(old + 'x')",
    "listed folder": "n = len(os.listdir('inbox'))\nPath(f'inbox/{n}.txt').write_text(name)",
    "folder made": "if not os.path.exists('made'):\n    os.mkdir('made')",
    "environment": "old = os.environ.get('REGION', '')\nos.environ['REGION'] = old + 'x'",
    "working folder": "here = os.getcwd()\nos.chdir('data')\nfound = os.getcwd()\nos.chdir(here)\nreturn found",
    "table": (
        "db = sqlite3.connect('bank.db')\n(old,) = db.execute('SELECT balance FROM accounts').fetchone()\n"
        "db.execute('UPDATE accounts SET balance = ?', (old + 1,))\ndb.commit()\ndb.close()"
    ),
    "standard output": "out = io.StringIO()\nwith contextlib.redirect_stdout(out):\n    print(name)\nreturn out.getvalue()",
}
METHODS = """
class Kit:
    def __init__(self):
        self.n = 0
        self.store = {}
        self.box = Basket()

    @tool
    def bump(self) -> None:
        \"\"\"Counts.\"\"\"
        old = self.n
        self.n = old + 1

    @tool
    def put(self, name: str) -> None:
        \"\"\"Counts by name.\"\"\"
        self.store[name] = self.store.get(name, 0) + 1

    @tool
    def inner(self) -> None:
        \"\"\"Counts in an object of its own.\"\"\"
        old = self.box.total
        self.box.total = old + 1

def make():
    seen = {}

    @tool
    def closed(name: str) -> None:
        \"\"\"Counts in a closure.\"\"\"
        seen["k"] = seen.get("k", 0) + 1

    return closed
"""
STATE = """
@dataclass
class Desk:
    count: int = 0

@function_tool
def serve(ctx: RunContextWrapper[Desk], name: str) -> None:
    \"\"\"Counts in what the framework hands to every call.\"\"\"
    old = ctx.context.count
    ctx.context.count = old + 1
"""


def _tool(shape: str) -> str:
    body = SHAPES[shape].replace("\n", "\n    ")
    return f'@tool\ndef {_name(shape)}(name: str) -> str:\n    """Touches a {shape}."""\n    {body}\n\n'


def _name(shape: str) -> str:
    return "touch_" + shape.replace(" ", "_")


SOURCE = HEAD + "".join(map(_tool, SHAPES)) + METHODS + STATE


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What the scan says that each tool touches, as `kind:key`."""
    file = tmp_path_factory.mktemp("scanned") / "tools.py"
    file.write_text(SOURCE)
    document = toolaudit.scan(file, use_cache=False)
    return {tool.function.rpartition(".")[2]: [f"{use.kind}:{use.key}" for use in tool.resources] for tool in document.tools}


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The tools as a module of the project, with files and a database; the frameworks' decorators give the function back."""
    monkeypatch.chdir(tmp_path)
    for package, name in (("smolagents", "tool"), ("agents", "function_tool")):
        stand_in: Any = ModuleType(package)
        setattr(stand_in, name, lambda function: function)
        stand_in.RunContextWrapper = list
        monkeypatch.setitem(sys.modules, package, stand_in)
    Path("notes.json").write_text("[]")
    for folder in ("data", "inbox"):
        Path(folder).mkdir()
    with sqlite3.connect("bank.db") as db:
        db.execute("CREATE TABLE accounts (balance INTEGER)")
        db.execute("INSERT INTO accounts VALUES (1)")
    db.close()
    Path("vocabulary_tools.py").write_text(SOURCE)
    spec = importlib.util.spec_from_file_location("vocabulary_tools", Path("vocabulary_tools.py").resolve())
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["vocabulary_tools"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    del sys.modules["vocabulary_tools"]


def matches(scanned_name: str, replayed: str) -> bool:
    """Equal, but for what the scan could only know as a parameter, or not at all."""
    kind, _, key = scanned_name.partition(":")
    pattern = ".+" if key.startswith("param:") else re.sub(r"\\{[^}]*\\}", ".*", re.escape(key))
    return re.fullmatch(f"{kind}:{pattern}", replayed) is not None


def agree(names: list[str], function: Any, *arguments: Any) -> None:
    """The call beside itself is racy, on resources that the scan named."""
    verdict = explore([call(function, *arguments), call(function, *arguments)])
    assert verdict.kind == "racy", verdict.render()
    assert verdict.witness is not None
    assert verdict.witness.resources == verdict.resources
    unnamed = [r for r in verdict.resources if not any(matches(name, r) for name in names)]
    assert not unnamed, (unnamed, names)
    assert not [step.resource for step in verdict.witness.steps if step.resource.startswith("memory:<")]


@pytest.mark.parametrize("shape", SHAPES)
def test_functions(scanned: dict[str, list[str]], tools: ModuleType, shape: str) -> None:
    """Every place where state can live."""
    agree(scanned[_name(shape)], getattr(tools, _name(shape)), "a")


@pytest.mark.parametrize(("method", "arguments"), [("bump", ()), ("put", ("a",)), ("inner", ())])
def test_methods(scanned: dict[str, list[str]], tools: ModuleType, method: str, arguments: tuple[str, ...]) -> None:
    """A shared toolkit object."""
    agree(scanned[method], getattr(tools.Kit(), method), *arguments)


def test_closure(scanned: dict[str, list[str]], tools: ModuleType) -> None:
    """A tool made inside a function."""
    agree(scanned["closed"], tools.make(), "a")


def test_framework_state(scanned: dict[str, list[str]], tools: ModuleType) -> None:
    """An object that the framework hands to every call."""
    agree(scanned["serve"], tools.serve, SimpleNamespace(context=tools.Desk()), "a")


EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
BATCHES = {
    "two notes": [("notes", "add_note", "a"), ("notes", "add_note", "b")],
    "a list beside a note": [("notes", "add_note", "a"), ("notes", "list_notes")],
    "an account opened twice": [("accounts", "open_account", "Eve"), ("accounts", "open_account", "Eve")],
    "two deposits": [("accounts", "deposit", "Ada", 10), ("accounts", "deposit", "Ada", 5)],
    "a total beside a transfer": [("accounts", "transfer", "Ada", "Ben", 80), ("accounts", "total")],
    "two orders": [("sessions", "place_order", "Ada", "tea"), ("sessions", "place_order", "Ada", "jam")],
}


@pytest.fixture(scope="module")
def examples() -> dict[str, list[str]]:
    """What the scan names for each tool of the documentation's examples."""
    document = toolaudit.scan(EXAMPLES / "racy", use_cache=False)
    return {tool.name: [f"{use.kind}:{use.key}" for use in tool.resources] for tool in document.tools}


@pytest.mark.parametrize("batch", BATCHES.values(), ids=BATCHES)
def test_examples(examples: dict[str, list[str]], batch: list[tuple[Any, ...]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The documentation's planted races."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(EXAMPLES))
    world = importlib.import_module("racy.world")
    calls = [call(getattr(importlib.import_module(f"racy.{module}"), name), *arguments) for module, name, *arguments in batch]
    verdict = explore(calls, state=lambda: world.fresh_world(tmp_path))
    assert verdict.kind == "racy", verdict.render()
    names = [name for _, tool, *_ in batch for name in examples[tool]]
    assert not [r for r in verdict.resources if not any(matches(name, r) for name in names)]
