"""What tools touch: one idiom a case (`cases.py`), and the dependences, locks and conditions between accesses."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent


def _module(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(f"effects_{name}", HERE / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    __import__("sys").modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


CASES = _module("cases").CASES
helpers = _module("conftest")
shown, links = helpers.shown, helpers.links


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_what_a_tool_touches(case: Any, footprint_of: Any) -> None:
    found = footprint_of(case.source, case.function, files=case.files, when=case.when)[case.function]
    assert tuple(dict.fromkeys(shown(found))) == case.expected


LOAD_EDIT_SAVE = """
import json, os, asyncio
def load(path):
    with open(path) as f:
        return json.load(f)
def save(path, data):
    with open(path, "w") as f:
        json.dump(data, f)
def edit(path, key):
    data = load(path)
    data[key] = 1
    save(path, data)
def guard(path):
    if os.path.exists(path):
        raise FileExistsError(path)
def create(path):
    guard(path)
    open(path, "w").close()
def blind(path, other):
    json.load(open(other))
    open(path, "w").close()
class Bank:
    def __init__(self):
        self.balance = 0
    async def pay(self, n):
        old = self.balance
        await asyncio.sleep(1)
        self.balance = old - n
    async def fast(self, n):
        old = self.balance
        self.balance = old - n
"""


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        ("edit", {("{path}", "{path}", "data", "io")}),
        ("create", {("{path}", "{path}", "control", "io")}),
        ("blind", set()),
        ("Bank.pay", {("{self:balance}", "{self:balance}", "data", "await")}),
        ("Bank.fast", {("{self:balance}", "{self:balance}", "data", "sync")}),
    ],
)
def test_a_write_depends_on_the_read_it_derives_from_or_is_guarded_by(function: str, expected: set[Any], footprint_of: Any) -> None:
    assert links(footprint_of(LOAD_EDIT_SAVE, function)[function]) == expected


def test_a_coroutine_suspends_only_where_something_is_really_waited_for(footprint_of: Any) -> None:
    source = """
import asyncio
async def quick(x):
    return x
async def tool(x):
    return await quick(x)
async def slow(x):
    await asyncio.sleep(1)
async def outer(x):
    await slow(x)
"""
    found = footprint_of(source, "tool", "slow", "outer")
    assert [found[name].suspends for name in ("tool", "slow", "outer")] == [False, True, True]


LOCKED = """
import threading, asyncio
from functools import wraps
from contextlib import contextmanager
L = threading.Lock()
A = asyncio.Lock()
S = {}
LOCKS = {}
def guarded(f):
    @wraps(f)
    def wrapper(*args, **kwargs):
        with L:
            return f(*args, **kwargs)
    return wrapper
@guarded
def by_decorator(k):
    S[k] = 1
def by_with(k):
    with L:
        S[k] = 1
def by_acquire(k):
    L.acquire()
    try:
        S[k] = 1
    finally:
        L.release()
    S["after"] = 1
async def by_async(k):
    async with A:
        S[k] = 1
@contextmanager
def hold():
    with L:
        yield
def by_manager(k):
    with hold():
        S[k] = 1
class Kit:
    def __init__(self):
        self._locks = {}
        self._lock = threading.RLock()
        self.d = {}
    def lock_of(self, k):
        return self._locks[k]
    def per_key(self, k):
        with self._locks[k]:
            self.d[k] = 1
    def whole(self, k):
        with self._lock:
            self.d[k] = 1
def own(k):
    with threading.Lock():
        S[k] = 1
"""


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        ("by_decorator", [("L of m.py", "threads", "")]),
        ("by_with", [("L of m.py", "threads", "")]),
        ("by_async", [("A of m.py", "event-loop", "")]),
        ("by_manager", [("L of m.py", "threads", "")]),
        ("Kit.per_key", [("_locks of m.py::Kit", "threads", "k")]),
        ("Kit.whole", [("_lock of m.py::Kit", "threads", "")]),
        ("own", []),
    ],
)
def test_locks_held(function: str, expected: list[tuple[str, str, str]], footprint_of: Any) -> None:
    access = footprint_of(LOCKED, function)[function].accesses[-1]
    assert [(lock.name, lock.covers, "".join(part.text for part in lock.key)) for lock in access.locks] == expected


def test_an_acquired_lock_is_held_until_it_is_released(footprint_of: Any) -> None:
    first, second = footprint_of(LOCKED, "by_acquire")["by_acquire"].accesses
    assert [lock.name for lock in first.locks] == ["L of m.py"]
    assert second.locks == ()


def test_facts_of_an_action_stay_apart(footprint_of: Any) -> None:
    source = "S = {}\ndef tool(action, k):\n    if action == 'put':\n        S[k] = 1\n    elif action == 'drop':\n        del S[k]\n"
    put, drop = footprint_of(source, "tool")["tool"].accesses
    assert [(f.parameter, f.value) for f in put.when] == [("action", "put")]
    assert [(f.parameter, f.value) for f in drop.when] == [("action", "drop")]


def test_the_chain_leads_from_the_tool_to_the_statement(footprint_of: Any) -> None:
    source = "def low(p):\n    open(p, 'w').close()\ndef mid(p):\n    low(p)\ndef tool(p):\n    mid(p)\n"
    access = footprint_of(source, "tool")["tool"].accesses[0]
    assert [(place.function, place.line) for place in access.chain] == [("tool", 6), ("mid", 4), ("low", 2)]


def test_arguments_in_a_dict_are_parameters(footprint_of: Any) -> None:
    source = "def handle(name, arguments):\n    if name == 'w':\n        open(arguments['path'], 'w').close()\n"
    found = footprint_of(source, "handle", when=(("name", "w"),), arguments_in="arguments")["handle"]
    assert shown(found) == ["w write file {path}"]


def test_a_model_made_of_the_arguments(footprint_of: Any) -> None:
    source = "from pydantic import BaseModel\nclass In(BaseModel):\n    path: str\ndef handle(arguments):\n    a = In(**arguments)\n    open(a.path, 'w').close()\n"
    found = footprint_of(source, "handle", arguments_in="arguments")["handle"]
    assert shown(found) == ["w write file {path}"]


def test_injected_state_is_shared(footprint_of: Any) -> None:
    from toolaudit.model import ToolParameter

    source = "def add(text, state: dict):\n    state['todos'].append(text)\n"
    parameters = (ToolParameter("text"), ToolParameter("state", injected="state"))
    found = footprint_of(source, "add", parameters=parameters)["add"]
    assert shown(found) == ["w append memory {state:todos}"]


def test_dependencies_of_a_run_context(footprint_of: Any) -> None:
    from toolaudit.model import ToolParameter

    source = """
from somewhere import RunContext
class Deps:
    def __init__(self):
        self.jobs = {}
def add(ctx: RunContext[Deps], k):
    ctx.deps.jobs[k] = 1
"""
    parameters = (ToolParameter("ctx", injected="context", injected_type="somewhere.RunContext"), ToolParameter("k"))
    found = footprint_of(source, "add", parameters=parameters)["add"]
    assert shown(found) == ["w write memory {state:jobs}[{k}]"]


def test_what_is_not_known_is_said(footprint_of: Any) -> None:
    source = "import mystery\ndef a(x):\n    mystery.send_it(x)\ndef b(x):\n    mystery.Client().frobnicate(x)\ndef c(x):\n    return mystery.shape(x)\ndef d(x):\n    mystery.shape(x)\n"
    found = footprint_of(source, "a", "b", "c", "d")
    said = {
        name: [(u.callee, u.reason, u.consequence) for u in fp.unknown_calls if u.consequence != "ignored"] for name, fp in found.items()
    }
    assert said == {
        "a": [("mystery.send_it", "not-in-catalogue", "may-write")],
        "b": [("mystery.Client.frobnicate", "not-in-catalogue", "may-write")],
        "c": [("mystery.shape", "not-in-catalogue", "unclear")],
        "d": [("mystery.shape", "not-in-catalogue", "may-write")],  # nobody looks at what it gives: it is called for its effect
    }


def test_a_tool_that_cannot_be_read_is_unknown(footprint_of: Any, catalogue: Any, tmp_path: Path) -> None:
    from toolaudit.effects.summarise import footprints
    from toolaudit.model import Tool
    from toolaudit.project import open_project

    (tmp_path / "m.py").write_text("x = 1\n")
    tool = Tool(id="m.py::gone", name="gone", file="m.py", line=1, function="gone", framework="t", declared_by="d", is_async=False)
    with open_project([tmp_path], {}) as project:
        (found,) = footprints(project, [tool], catalogue)
    assert [(call.callee, call.reason, call.consequence) for call in found.unknown_calls] == [("gone", "unreadable", "unknown")]


def test_relative_paths_depend_on_the_working_folder_where_a_tool_changes_it(footprint_of: Any) -> None:
    source = "import os\ndef move(p):\n    os.chdir(p)\ndef save():\n    open('a.txt', 'w').close()\ndef full():\n    open('/a.txt', 'w').close()\n"
    found = footprint_of(source, "move", "save", "full")
    assert shown(found["save"]) == ["w write file a.txt", "r read cwd process"]
    assert shown(found["full"]) == ["w write file /a.txt"]


def test_a_blocking_call_of_a_coroutine_is_said(footprint_of: Any) -> None:
    source = "import time\nasync def tool():\n    time.sleep(1)\n"
    assert [place.line for place in footprint_of(source, "tool")["tool"].blocking] == [3]


def test_deep_chains_and_wide_graphs_end(footprint_of: Any) -> None:
    chain = "".join(f"def f{i}(x):\n    f{i + 1}(x)\n" for i in range(200)) + "def f200(x):\n    open(x, 'w').close()\n"
    deep = footprint_of(chain, "f0")["f0"]
    assert any(call.reason == "recursion" for call in deep.unknown_calls)
    wide = "S = []\n" + "".join(f"def g{i}(x):\n" + "".join(f"    g{j}(x)\n" for j in range(20)) + "    S.append(x)\n" for i in range(20))
    assert "w append memory {global:S}" in shown(footprint_of(wide, "g0")["g0"])


def test_what_all_tools_of_a_file_call_is_walked_to_its_end(footprint_of: Any) -> None:
    parts = "".join(f"def part{i}(x):\n    return step{i}(x)\ndef step{i}(x):\n    return x + {i}\n" for i in range(90))
    connect = "def connect(x):\n" + "".join(f"    x = part{i}(x)\n" for i in range(90)) + "    return x\n"
    names = [f"tool{i}" for i in range(30)]
    tools = "".join(f"def {name}(x):\n    return open(connect(x)).read()\n" for name in names)
    found = footprint_of(parts + connect + tools, *names)
    assert not any(call.reason == "recursion" for name in names for call in found[name].unknown_calls)


def test_the_same_input_gives_the_same_footprint(footprint_of: Any) -> None:
    assert footprint_of(LOAD_EDIT_SAVE, "edit") == footprint_of(LOAD_EDIT_SAVE, "edit")


IDIOMS = _module("idioms")


@pytest.mark.parametrize(("body", "expected"), IDIOMS.KEYS, ids=[body.replace("\n", " ")[:60] for body, _ in IDIOMS.KEYS])
def test_keys_through_the_language(body: str, expected: str, footprint_of: Any) -> None:
    source = IDIOMS.PRELUDE.rstrip(" ").rstrip("\n") + "\n    " + body + "\n"
    found = footprint_of(source, "tool")["tool"]
    keys = [helpers.key_text(access) for access in found.accesses if access.resource.kind == "file" and access.mode == "w"]
    assert expected in keys


def test_beyond_the_limits_a_write_is_one_of_anything(footprint_of: Any) -> None:
    source = "def tool():\n" + "".join(f"    open('f{n}', 'r').close()\n" for n in range(130)) + "    open('out', 'w').close()\n"
    assert "w write file {unknown:more than are kept apart}" in shown(footprint_of(source, "tool")["tool"])


def test_beyond_the_limits_upkeep_stands_in_for_no_write(footprint_of: Any) -> None:
    body = "".join(
        f"    open('f{n}', 'r').close()\n    requests.get('http://h/{n}')\n    c.execute('SELECT * FROM t{n}')\n" for n in range(64)
    )
    schema = "    c.execute('CREATE TABLE IF NOT EXISTS a (x int)')\n"
    source = (
        "import requests, sqlite3\nc = sqlite3.connect('d')\ndef tool(x):\n"
        + body
        + schema
        + "    c.execute('INSERT INTO a VALUES (?)', (x,))\n"
    )
    assert "w append sql {unknown:more than are kept apart}" in shown(footprint_of(source, "tool")["tool"])


def test_a_scope_is_said_in_the_terms_of_the_tool(footprint_of: Any) -> None:
    source = "import sqlite3\ndef run(db, q):\n    db.execute(q)\ndef tool():\n    run(sqlite3.connect('n.db'), 'SELECT x FROM a')\n"
    assert {access.resource.scope for access in footprint_of(source, "tool")["tool"].accesses if access.resource.key[0].text == "a"} == {
        "n.db"
    }


def test_what_a_framework_injects_through_keywords_is_shared(footprint_of: Any) -> None:
    source = "def tool(tool, **kwargs):\n    kwargs['request_state']['n'] = 1\n"
    assert shown(footprint_of(source, "tool", arguments_in="tool.input")["tool"]) == ["w write memory {state:request_state}[n]"]


def test_beyond_the_limits_what_was_not_met_before_keeps_its_name(footprint_of: Any) -> None:
    """A tool that looks at much before it acts: the one thing it changes is named, and what it read of it is linked to the change."""
    looks = "\n".join(f"    if k == '{n}':\n        a = httpx.get('https://x.org/{n % 5}').text" for n in range(90))
    source = f"import httpx\nSTATE = {{}}\ndef t(k):\n    a = ''\n{looks}\n    STATE['n'] = STATE['n'] + a\n    httpx.delete('https://x.org/last')\n"
    found = footprint_of(source, "t")["t"]
    written = {(access.resource.kind, helpers.key_text(access)) for access in found.accesses if "w" in access.mode}
    assert written == {("memory", "{global:STATE}[n]"), ("http", "https://x.org/last")}
    assert any(
        found.accesses[update.read].resource == found.accesses[update.write].resource and update.link == "data" for update in found.updates
    )
