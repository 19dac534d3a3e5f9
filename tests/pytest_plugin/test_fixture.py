"""The fixture as a test author meets it: real pytest sessions on real test files."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import pytest_toolaudit.fixture
import pytest_toolaudit.tested  # noqa: F401 - loaded before pytester takes its snapshot of sys.modules
from toolaudit_reports.document import Resource, load_evidence

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.timeout(120)

TOOLS = """
import asyncio, json, os, threading
from pathlib import Path
from pytest_toolaudit import call

CACHE, LOCK = {}, threading.Lock()

def add_note(text):
    path = Path("notes.json")
    items = json.loads(path.read_text()) if path.exists() else []
    items.append(text)
    path.write_text(json.dumps(items))
    return "saved"

def count(key):
    CACHE[key] = CACHE.get(key, 0) + 1

def count_locked(key):
    with LOCK:
        CACHE[key] = CACHE.get(key, 0) + 1

async def count_later(key):
    n = CACHE.get(key, 0)
    await asyncio.sleep(1)
    CACHE[key] = n + 1

SESSION = {}
def login(user): SESSION["user"] = user
def whoami():
    if "user" not in SESSION: raise RuntimeError("not logged in")
    return SESSION["user"]
"""

SERVER = """
from langchain_core.tools import tool
COUNTS = {}

@tool
def put(key: str) -> None:
    "Counts."
    COUNTS[key] = COUNTS.get(key, 0) + 1
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A project with tools in a module of their own."""
    pytester.makepyfile(tools=TOOLS)
    pytester.makeini("[pytest]\npythonpath = .\naddopts = -p no:cacheprovider -p no:benchmark -p no:hypothesispytest -p no:cov\n")
    return pytester


def run(project: pytest.Pytester, body: str, *options: str) -> pytest.RunResult:
    """Runs one test file."""
    project.makepyfile(test_it="from tools import *\nimport pytest, os, pathlib\n" + body)
    return project.runpytest(*options)


def test_message(project: pytest.Pytester) -> None:
    """Two columns, the preemption, outcome and serial outcome, the failure's name, the fix, one line that replays."""
    result = run(project, "def test_notes(toolaudit):\n    toolaudit.check([call(add_note, 'a'), call(add_note, 'b')])\n")
    result.assert_outcomes(failed=1)
    text = result.stdout.str()
    for wanted in (
        "shared-state mutation on file:notes.json",
        "add_note('a') #0",
        "│ add_note('b') #1",
        "⇄ preempted before line",
        "reads file:notes.json",
        "writes file:notes.json",
        'file:notes.json = ["a"]',
        'file:notes.json = ["a", "b"]',
        "serial outcome of add_note#0 then add_note#1",
        "fix: hold one lock across read and write",
        "toolaudit.replay_schedule('add_note#0 add_note#1 | add_note#0@add_note:",
        "pytest --toolaudit-replay=",
    ):
        assert wanted in text, wanted
    assert not (project.path / "notes.json").exists(), "the batch ran in a folder of its own"


def test_replay(project: pytest.Pytester) -> None:
    """The printed schedule replays by option and by method; one that does not fit says why."""
    body = "def test_cache(toolaudit):\n    toolaudit.check([call(count, 'a'), call(count, 'a')])\n"
    first = run(project, body).stdout.str()
    found = re.search(r"toolaudit\.replay_schedule\('(.*)'\)", first)
    assert found is not None
    again = run(project, body, f"--toolaudit-replay={found[1]}")
    again.assert_outcomes(failed=1)
    assert "shared-state mutation on memory:CACHE[a]" in again.stdout.str()
    method = body.replace("    toolaudit.check", f"    toolaudit.replay_schedule({found[1]!r})\n    toolaudit.check")
    run(project, method).assert_outcomes(failed=1)
    fixed = run(project, body.replace("call(count,", "call(count_locked,"), f"--toolaudit-replay={found[1]}")
    assert "the schedule names count#0, but the batch has the calls count_locked#0" in fixed.stdout.str()


def test_replay_survives_edits(project: pytest.Pytester) -> None:
    """Lines move, unrelated accesses come: the schedule still finds its places."""
    body = "def test_cache(toolaudit):\n    toolaudit.check([call(count, 'a'), call(count, 'a')])\n"
    found = re.search(r"toolaudit\.replay_schedule\('(.*)'\)", run(project, body).stdout.str())
    assert found is not None
    edited = TOOLS.replace("def count(key):\n", "LOG = []\n\n\ndef count(key):\n    LOG.append(key)\n    print(len(LOG))\n")
    project.makepyfile(tools=edited)
    again = run(project, body, f"--toolaudit-replay={found[1]}")
    again.assert_outcomes(failed=1)
    assert "no longer matches" not in again.stdout.str()


def test_kept_failures(project: pytest.Pytester) -> None:
    """A failing schedule is kept, run first, and forgotten when the test passes."""
    body = "def test_cache(toolaudit):\n    toolaudit.check([call(count, 'a'), call(count, 'a')])\n"
    run(project, body)
    kept = list((project.path / ".toolaudit" / "failures").iterdir())
    assert len(kept) == 1
    assert "count#0@count:" in kept[0].read_text()
    run(project, body).assert_outcomes(failed=1)
    project.makepyfile(tools=TOOLS.replace("def count(key):\n", "def count(key):\n  with LOCK:\n"))
    run(project, body).assert_outcomes(passed=1)
    assert not list((project.path / ".toolaudit" / "failures").iterdir())


def test_passes_and_kinds(project: pytest.Pytester) -> None:
    """Locks pass, other keys pass, order matters only where somebody fails or falls back."""
    result = run(
        project,
        """
def test_locked(toolaudit):
    assert toolaudit.check([call(count_locked, 'a'), call(count_locked, 'a')]).kind == "serializable"
def test_other_keys(toolaudit):
    assert toolaudit.check([call(count, 'a'), call(count, 'b')]).kind == "independent"
def test_order(toolaudit):
    with pytest.raises(AssertionError, match="timing dependency"):
        toolaudit.check([call(login, 'ann'), call(whoami)])
    toolaudit.check([call(login, 'ann'), call(whoami)], order="any")
def test_append(toolaudit):
    def append(x): CACHE.setdefault("l", []).append(x)
    toolaudit.check([call(append, 1), call(append, 2)])
    with pytest.raises(AssertionError):
        toolaudit.check([call(append, 1), call(append, 2)], order="given")
def test_async(toolaudit):
    with pytest.raises(AssertionError, match="shared-state mutation"):
        toolaudit.check([call(count_later, 'a'), call(count_later, 'a')])
def test_mixed(toolaudit):
    with pytest.raises(AssertionError, match="shared-state mutation"):
        toolaudit.check([call(count_later, 'a'), call(count_locked, 'a')])
def test_event_loop_runner(toolaudit):
    toolaudit.check([call(count, 'a'), call(count, 'a')], runner="event-loop")
def test_isolated():
    assert CACHE == {} and SESSION == {} and not os.path.exists("notes.json")
""",
    )
    result.assert_outcomes(passed=8)


def test_acheck(project: pytest.Pytester) -> None:
    """Inside a running loop, with anyio's plugin."""
    pytest.importorskip("anyio")
    run(
        project,
        """
@pytest.fixture
def anyio_backend(): return "asyncio"
@pytest.mark.anyio
async def test_it(toolaudit):
    await toolaudit.acheck([call(count_locked, 'a'), call(count_locked, 'a')])
    with pytest.raises(AssertionError, match="shared-state"):
        await toolaudit.acheck([call(count_later, 'a'), call(count_later, 'a')])
""",
    ).assert_outcomes(passed=1)


def test_own_working_folder(project: pytest.Pytester) -> None:
    """A test that has chosen its folder keeps it, with its files put back for each schedule and afterwards."""
    run(
        project,
        """
def test_it(toolaudit, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pathlib.Path("notes.json").write_text('["old"]')
    with pytest.raises(AssertionError) as caught:
        toolaudit.check([call(add_note, 'a'), call(add_note, 'b')])
    assert 'file:notes.json = ["old", "a"]' in str(caught.value)
    assert pathlib.Path("notes.json").read_text() == '["old"]'
""",
    ).assert_outcomes(passed=1)


def test_state_and_observe(project: pytest.Pytester) -> None:
    """What state= returns is passed to observe=."""
    run(
        project,
        """
def test_it(toolaudit):
    worlds = []
    def world():
        CACHE.clear(); worlds.append(1)
        return {"made": CACHE}
    verdict = toolaudit.explore([call(count, 'a'), call(count, 'a')], state=world, observe=lambda w: w["made"]["a"])
    assert verdict.kind == "racy" and len(worlds) >= verdict.schedules
    assert ("observe", 1) in verdict.outcome.state
    assert verdict.witness.replay() == verdict.outcome
""",
    ).assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--toolaudit-budget=many"], "--toolaudit-budget takes a number, not 'many'"),
        (["--toolaudit-profile=fast"], "--toolaudit-profile is one of dev, ci, deep, not 'fast'"),
        (["--toolaudit-runner=fibers"], "runner must be one of threads, event-loop, task-group, not 'fibers'"),
    ],
)
def test_bad_options(project: pytest.Pytester, options: list[str], message: str) -> None:
    """One clear line."""
    body = "def test_it(toolaudit):\n    toolaudit.check([call(count, 'a'), call(count, 'a')])\n"
    assert message in run(project, body, *options).stdout.str()


def test_options(project: pytest.Pytester) -> None:
    """Command line over ini file, marker over both, arguments over all."""
    project.makeini(
        "[pytest]\npythonpath = .\naddopts = -p no:hypothesispytest\ntoolaudit_budget = 50\ntoolaudit_seed = 3\ntoolaudit_profile = deep\n"
    )
    run(
        project,
        """
def test_ini(toolaudit):
    found = toolaudit._settings({})
    assert (found["budget"], found["seed"], found["preemptions"]) == (60, 3, 3)
@pytest.mark.toolaudit(budget=70, runner="event-loop")
def test_marker(toolaudit):
    assert toolaudit._settings({"seed": 9})["budget"] == 70
    assert toolaudit._settings({"budget": 80})["budget"] == 80
    assert toolaudit._settings({"budget": 80})["runner"] == "event-loop"
""",
        "--toolaudit-budget=60",
    ).assert_outcomes(passed=2)


def test_evidence(project: pytest.Pytester) -> None:
    """The evidence document that confirm writes too: the same on one process and on xdist's workers, and the same twice."""
    body = """
def test_a(toolaudit): toolaudit.check([call(count, 'a'), call(count, 'a')])
def test_b(toolaudit): toolaudit.check([call(count_locked, 'a'), call(count_locked, 'a')])
"""
    run(project, body, "--toolaudit-evidence=out/one.json", "--junitxml=out/junit.xml")
    run(project, body, "--toolaudit-evidence=out/two.json", "-n2", "-p", "no:timeout")
    one = (project.path / "out" / "one.json").read_bytes()
    assert one == (project.path / "out" / "two.json").read_bytes()
    racy, safe = load_evidence(one).items
    assert (racy.verdict, racy.kind, safe.verdict, safe.kind) == ("confirmed", "racy", "not-reproduced", "serializable")
    assert racy.tools == ("tools.py::count", "tools.py::count")
    assert (racy.resource, racy.test) == (Resource(kind="memory", key="CACHE[a]"), "test_it.py::test_a")
    assert racy.witness is not None and racy.witness.preemptions == 1
    assert [s.access for s in racy.witness.steps if not s.preempted][:2] == ["r", "r"]
    beside = racy.witness.serial_outcomes[0]
    assert [(s.call, s.access, s.value) for s in beside.steps] == [
        ("count#0", "r", "absent"), ("count#0", "w", "absent"), ("count#1", "r", "1"), ("count#1", "w", "1"),
    ]  # fmt: skip
    assert str(project.path).encode() not in one
    junit = (project.path / "out" / "junit.xml").read_text()
    assert '<property name="toolaudit.schedule" value="count#0 count#1 |' in junit
    assert "toolaudit-explored" not in junit


def test_evidence_meets_the_scan(project: pytest.Pytester) -> None:
    """`toolaudit report` reads it beside a scan: a test confirms the conflict that the scan reports."""
    project.makepyfile(server=SERVER)
    (project.mkpydir("langchain_core") / "tools.py").write_text("def tool(function):\n    return function\n")
    run(
        project,
        "import server\ndef test_a(toolaudit): toolaudit.check([call(server.put, 'a'), call(server.put, 'a')])\n",
        "--toolaudit-evidence=ev.json",
    )
    tool = [sys.executable, "-m", "toolaudit"]
    subprocess.run([*tool, "scan", "server.py", "--output", "json=scan.json", "--exit-zero"], check=True, cwd=project.path)
    report = subprocess.run([*tool, "report", "scan.json", "ev.json"], capture_output=True, text=True, cwd=project.path)
    assert "confirmed: 2 calls, 1 preemption, replayed 10 times" in report.stdout, report.stdout + report.stderr


def test_tools_everywhere(project: pytest.Pytester) -> None:
    """Tools in the test module, in a package, in a conftest, imported late, and as methods, partials and objects."""
    package = project.mkpydir("kit")
    (package / "state.py").write_text("TOTAL = 0\nITEMS = []\n")
    (package / "api.py").write_text(
        "from . import state\ndef add(n):\n    old = state.TOTAL\n    state.TOTAL = old + n\n"
        "def late(n):\n    from kit import lazy\n    lazy.put(n)\n"
    )
    (package / "lazy.py").write_text("BOX = {'n': 0}\ndef put(n):\n    old = BOX['n']\n    BOX['n'] = old + n\n")
    project.makeconftest(
        "import pytest\nS = {'n': 0}\n@pytest.fixture\ndef tool():\n"
        "    def add(n):\n        o = S['n']\n        S['n'] = o + n\n    return add\n"
    )
    run(
        project,
        """
import functools
from kit.api import add, late
HERE = {"n": 0}
def here(n):
    old = HERE["n"]
    HERE["n"] = old + n
class Tool:
    def __init__(self): self.n = 0
    def __call__(self, k): old = self.n; self.n = old + k
class Framework:
    def __init__(self, fn): self.fn, self.name = fn, "named"
@pytest.mark.parametrize("which", ["here", "package", "late", "partial", "callable", "framework", "fixture"])
def test_it(toolaudit, which, tool):
    target = {"here": here, "package": add, "late": late, "partial": functools.partial(here), "callable": Tool(),
              "framework": Framework(here), "fixture": tool}[which]
    verdict = toolaudit.explore([call(target, 1), call(target, 2)])
    assert verdict.kind == "racy", verdict.render()
    if which == "package": assert verdict.resources == ("memory:TOTAL",)
    if which == "framework": assert verdict.names == ("named#0", "named#1")
""",
    ).assert_outcomes(passed=7)


def test_injected_parameters(project: pytest.Pytester) -> None:
    """Filled from a fixture or a hook's object by name or class, the same object for all calls of a batch."""
    project.makeconftest("def pytest_toolaudit_objects():\n    return {'Ledger': lambda: __import__('desk').Ledger(100)}\n")
    project.makepyfile(
        desk="class Desk:\n    n = 0\nclass Other: pass\nclass Ledger:\n    def __init__(self, n): self.n = n\n"
        "def use(desk: Desk, by: int):\n    old = desk.n\n    desk.n = old + by\n"
        "def book(ledger: Ledger, by: int):\n    old = ledger.n\n    ledger.n = old + by\n    return ledger.n\n"
    )
    run(
        project,
        """
import desk as d
@pytest.fixture
def desk(): return d.Desk()
def test_fixture(toolaudit): assert toolaudit.explore([call(d.use, by=1), call(d.use, by=2)]).kind == "racy"
def test_hook(toolaudit):
    verdict = toolaudit.explore([call(d.book, by=1), call(d.book, by=2)])
    assert verdict.kind == "racy" and ("returned", 101) in verdict.outcome.results
def test_nothing_given(toolaudit):
    def unknown(thing: d.Other): return 1
    assert "missing 1 required" in str(toolaudit.explore([call(unknown), call(unknown)]).outcome.results)
""",
    ).assert_outcomes(passed=3)


def test_colours(project: pytest.Pytester) -> None:
    """On a terminal the story has colours, from xdist's workers too; junit XML and plain output have none."""
    body = "def test_cache(toolaudit):\n    toolaudit.check([call(count, 'a'), call(count, 'a')])\n"
    for options in ((), ("-n1", "-p", "no:timeout")):
        text = run(project, body, "--color=yes", "--junitxml=j.xml", *options).stdout.str()
        assert "\x1b[1m\x1b[33m⇄ preempted" in text
        assert "\x1b[36mreads memory:CACHE[a]" in text
        assert "\x1b[32mfix: " in text
        assert "#x1B" not in (project.path / "j.xml").read_text()
    assert "\x1b[" not in run(project, body, "--color=no").stdout.str()


def test_light() -> None:
    """Loading the plugin loads neither the engine nor Hypothesis nor libcst. What it costs is measured in tests/benchmarks."""
    code = """
import sys, pytest
import pytest_toolaudit.plugin
loaded = [m for m in sys.modules if m.startswith(("pytest_toolaudit.", "hypothesis", "libcst"))]
assert loaded == ["pytest_toolaudit.plugin"], loaded
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path.cwd())


def test_without_plugin(project: pytest.Pytester) -> None:
    """-p no:toolaudit leaves nothing of it."""
    run(project, "def test_it(): assert True\n", "-p", "no:toolaudit").assert_outcomes(passed=1)
