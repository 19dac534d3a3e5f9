"""`toolaudit confirm` on small projects: what is confirmed, what is not reproduced, what cannot run; through the command itself."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from toolaudit_reports.document import EvidenceDocument, load_evidence

COUNTER = """
from mcp.server.fastmcp import FastMCP

server = FastMCP("counter")
COUNT = {"n": 0}


@server.tool()
def bump() -> int:
    n = COUNT["n"]
    COUNT["n"] = n + 1
    return n + 1
"""
LOCKED = """
import threading

from langchain_core.tools import tool

LOCK = threading.Lock()
COUNT = {"n": 0}


@tool
def bump() -> int:
    "Count."
    with LOCK:
        n = COUNT["n"]
        COUNT["n"] = n + 1
        return n + 1
"""
NOTES = """
import json
from pathlib import Path

from langchain_core.tools import tool


@tool
def add_note(path: str, text: str) -> int:
    "Add."
    file = Path(path)
    notes = json.loads(file.read_text()) if file.exists() else []
    notes.append(text)
    file.write_text(json.dumps(notes))
    return len(notes)
"""
TOOLKIT = """
from agno.tools import Toolkit


class Basket(Toolkit):
    def __init__(self, owner: str):
        self.items = []
        super().__init__(name="basket", tools=[self.put])

    def put(self, item: str) -> int:
        count = len(self.items)
        self.items = self.items + [item]
        return count + 1
"""
CLOSURE = """
from mcp.server.fastmcp import FastMCP


def register(server: FastMCP) -> None:
    seen = {"n": 0}

    @server.tool()
    def count() -> int:
        n = seen["n"]
        seen["n"] = n + 1
        return n
"""
DISPATCH = """
import threading

STATE = {"n": 0}
TOOLS = [
    {"type": "function", "function": {"name": "inc", "parameters": {"type": "object", "properties": {"by": {"type": "integer"}}}}},
]


def run_tool(name, arguments):
    if name == "inc":
        n = STATE["n"]
        STATE["n"] = n + arguments["by"]
        return STATE["n"]
    raise ValueError(name)


def run_turn(calls):
    threads = [threading.Thread(target=run_tool, args=(c["name"], c["arguments"])) for c in calls]
    for thread in threads:
        thread.start()
"""
MISSING = """
import a_module_that_nobody_has
from langchain_core.tools import tool

COUNT = {"n": 0}


@tool
def bump() -> int:
    "Count."
    COUNT["n"] += 1
    return COUNT["n"]
"""
OUTSIDE = """
from pathlib import Path

from langchain_core.tools import tool

FILE = Path("/toolaudit-must-not-write-here.txt")


@tool
def count() -> int:
    "Count."
    n = int(FILE.read_text()) if FILE.exists() else 0
    FILE.write_text(str(n + 1))
    return n
"""


def confirm(folder: Path, *options: str, target: str = "tools.py") -> tuple[int, str, EvidenceDocument]:
    """Exit code, what was printed, and the evidence."""
    command = [sys.executable, "-m", "toolaudit", "confirm", target, "--evidence", "evidence.json", *options]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600)
    file = folder / "evidence.json"
    assert file.exists(), done.stdout + done.stderr
    return done.returncode, done.stdout, load_evidence(file.read_bytes())


@pytest.mark.parametrize(
    ("source", "resource"),
    [(COUNTER, "COUNT[n]"), (NOTES, "param:path"), (TOOLKIT, "items"), (CLOSURE, "seen[n]"), (DISPATCH, "STATE[n]")],
    ids=["module global", "file by parameter", "toolkit", "closure", "dispatcher"],
)
def test_a_race_is_confirmed_with_a_witness(tmp_path: Path, source: str, resource: str) -> None:
    (tmp_path / "tools.py").write_text(source)
    code, text, evidence = confirm(tmp_path)
    found = [item for item in evidence.items if item.verdict == "confirmed" and item.kind == "racy"]
    assert code == 1
    assert found, text
    assert found[0].resource is not None
    assert resource in found[0].resource.key
    assert found[0].witness is not None
    assert found[0].witness.preemptions == 1
    assert found[0].witness.failure == "shared-state mutation"
    assert "equals no serial order" in text


def test_a_locked_twin_has_nothing_to_confirm(tmp_path: Path) -> None:
    (tmp_path / "tools.py").write_text(LOCKED)
    done = subprocess.run(
        [sys.executable, "-m", "toolaudit", "confirm", "tools.py"], cwd=tmp_path, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0
    assert "confirmed" not in done.stdout or "0 confirmed" in done.stdout


def test_what_cannot_be_imported_cannot_run_and_says_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "tools.py").write_text(MISSING)
    code, _, evidence = confirm(tmp_path)
    assert code == 0
    assert [item.verdict for item in evidence.items] == ["cannot-run"] * len(evidence.items)
    assert "a_module_that_nobody_has" in evidence.items[0].reason
    assert "install" in evidence.items[0].reason


def test_a_write_outside_the_folder_is_refused_and_names_the_option(tmp_path: Path) -> None:
    (tmp_path / "tools.py").write_text(OUTSIDE)
    before = sorted(path.name for path in Path("/").iterdir())
    _, _, evidence = confirm(tmp_path)
    assert {item.verdict for item in evidence.items} == {"cannot-run"}
    assert "--allow=write:/" in evidence.items[0].reason
    assert sorted(path.name for path in Path("/").iterdir()) == before
    assert sorted(path.name for path in tmp_path.iterdir() if not path.name.startswith(".")) == ["evidence.json", "tools.py"]


PROBE = """with contextlib.suppress(OSError):
        subprocess.run(["true"])
    """


@pytest.mark.parametrize(("where", "verdict"), [("if True:", "not-reproduced"), ("def bump() -> int:", "cannot-run")])
def test_what_is_refused_while_importing_and_not_needed_is_no_obstacle(tmp_path: Path, where: str, verdict: str) -> None:
    hidden = LOCKED.replace("with LOCK", 'with operator.attrgetter("".join(["LO", "CK"]))(sys.modules[__name__])')
    tools = "import contextlib\nimport operator\nimport subprocess\nimport sys\n" + hidden + "\n\nif True:\n    pass\n"
    (tmp_path / "tools.py").write_text(tools.replace(f"{where}\n    ", f"{where}\n    {PROBE}"))
    _, _, evidence = confirm(tmp_path)
    assert {item.verdict for item in evidence.items} == {verdict}


def test_a_conftest_supplies_arguments(tmp_path: Path) -> None:
    (tmp_path / "tools.py").write_text(NOTES)
    (tmp_path / "conftest.py").write_text(
        "def pytest_toolaudit_arguments():\n    return {'add_note': {'path': 'mine.json'}}\n", encoding="utf-8"
    )
    _, _, evidence = confirm(tmp_path)
    assert {call.arguments["path"] for item in evidence.items for call in item.calls} == {"'mine.json'"}


def test_a_conftest_above_the_tools_counts_and_the_nearest_has_the_last_word(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    (tmp_path / "src" / "tools").mkdir(parents=True)
    (tmp_path / "src" / "tools" / "notes.py").write_text(NOTES)
    hook = "def pytest_toolaudit_arguments():\n    return {{'add_note': {{'path': '{}', 'text': '{}'}}}}\n"
    (tmp_path / "conftest.py").write_text(hook.format("far.json", "far"), encoding="utf-8")
    (tmp_path / "src" / "conftest.py").write_text(hook.format("near.json", "near"), encoding="utf-8")
    scan = [sys.executable, "-m", "toolaudit", "scan", "src/tools", "-q", "--exit-zero", "--output", "json=scan.json"]
    subprocess.run(scan, cwd=tmp_path, capture_output=True, check=True, timeout=600)
    for target in ("src/tools", "scan.json"):
        _, _, evidence = confirm(tmp_path, target=target)
        assert {call.arguments["path"] for item in evidence.items for call in item.calls} == {"'near.json'"}, target


def test_a_conftest_that_cannot_be_imported_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "tools.py").write_text(NOTES)
    (tmp_path / "conftest.py").write_text("import a_module_that_nobody_has\n", encoding="utf-8")
    command = [sys.executable, "-m", "toolaudit", "confirm", "tools.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=600)
    assert done.returncode == 2
    assert "a_module_that_nobody_has" in done.stderr
    assert "Traceback" not in done.stderr + done.stdout


def test_items_spread_over_workers_give_the_same_evidence(tmp_path: Path) -> None:
    (tmp_path / "tools.py").write_text(COUNTER + COUNTER.replace("server", "second").replace("bump", "again").replace("COUNT", "OTHER"))
    _, _, alone = confirm(tmp_path)
    _, _, spread = confirm(tmp_path, "--", "-n", "2")
    assert spread == alone


def test_junit_xml_tells_what_it_takes_to_see_it_again(tmp_path: Path) -> None:
    (tmp_path / "tools.py").write_text(COUNTER)
    for workers in ((), ("-n", "2")):
        confirm(tmp_path, "--", "--junit-xml=junit.xml", *workers)
        junit = (tmp_path / "junit.xml").read_text(encoding="utf-8")
        assert '<property name="toolaudit.verdict" value="confirmed" />' in junit
        assert '<property name="toolaudit.schedule" value="bump#0 bump#1 |' in junit
        assert "toolaudit-item" not in junit


def test_a_selection_runs_only_that(tmp_path: Path) -> None:
    (tmp_path / "tools.py").write_text(COUNTER + COUNTER.replace("server", "second").replace("bump", "again").replace("COUNT", "OTHER"))
    _, _, evidence = confirm(tmp_path, "--", "-k", "again")
    assert {tool.rpartition("::")[2] for item in evidence.items for tool in item.tools} == {"again"}


MANY = """
from pathlib import Path

from langchain_core.tools import tool


@tool
def count(path: str) -> int:
    "Count."
    file = Path(path)
    n = int(file.read_text()) if file.exists() else 0
    file.write_text(str(n + 1))
    return n


@tool
def halve(path: str) -> int:
    "Halve."
    file = Path(path)
    n = int(file.read_text()) if file.exists() else 0
    file.write_text(str(n // 2))
    return n
"""


def test_too_many_items_are_cut_to_the_strongest_and_it_is_said(tmp_path: Path) -> None:
    (tmp_path / "tools.py").write_text(MANY)
    _, text, all_of_them = confirm(tmp_path, "--items", "0")
    _, cut, evidence = confirm(tmp_path, "--items", "2")
    fingerprints = {item.fingerprint for item in evidence.items}
    assert fingerprints < {item.fingerprint for item in all_of_them.items}
    assert "left out" not in text
    assert "items left out, the weakest first: --items=0" in cut
    assert {tool.rpartition("::")[2] for item in evidence.items for tool in item.tools} == {"count", "halve"}


def test_a_clash_by_key_is_contrasted_with_other_keys_and_replays_by_its_command(tmp_path: Path) -> None:
    (tmp_path / "tools.py").write_text(MANY)
    _, _, evidence = confirm(tmp_path)
    found = next(item for item in evidence.items if item.verdict == "confirmed" and set(item.tools) == {"tools.py::halve"})
    assert "with another path the two do not clash" in found.reason
    assert found.witness is not None
    command = [sys.executable, "-m", *shlex.split(found.witness.replay)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=600)
    assert done.returncode == 1
    assert "halve|halve[TA101]" in done.stdout, done.stdout
    assert "1 deselected" in done.stdout


HANGS = """
import time
from langchain_core.tools import tool

COUNT = {"n": 0}


@tool
def bump() -> int:
    "Count."
    COUNT["n"] += 1
    while True:
        time.sleep(0.001)
"""


def test_a_tool_that_never_ends_does_not_hold_the_run(tmp_path: Path) -> None:
    (tmp_path / "tools.py").write_text(HANGS)
    _, _, evidence = confirm(tmp_path, "--seconds", "2")
    assert {item.verdict for item in evidence.items} == {"cannot-run"}
    assert "does not end, though no other runs beside it" in evidence.items[0].reason


def test_what_fails_around_one_item_costs_that_item_only(tmp_path: Path) -> None:
    (tmp_path / "tools.py").write_text(COUNTER + TOOLKIT)
    (tmp_path / "conftest.py").write_text(
        "def make():\n    raise OSError('no such shop')\n\ndef pytest_toolaudit_objects():\n    return {'Basket': make}\n"
    )
    code, _, evidence = confirm(tmp_path)
    assert code == 1
    verdicts = {item.tools[0].rpartition("::")[2]: item for item in evidence.items}
    assert verdicts["bump"].verdict == "confirmed"
    assert verdicts["Basket.put"].verdict == "cannot-run"
    assert verdicts["Basket.put"].reason == "it could not be tried: OSError: no such shop at conftest.py:2"


@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal to a process group")
@pytest.mark.parametrize("whole_group", [True, False], ids=["from a terminal", "to the command alone"])
def test_interrupted_it_writes_what_is_known(tmp_path: Path, *, whole_group: bool) -> None:
    (tmp_path / "tools.py").write_text(COUNTER + HANGS.replace("def bump", "def forever").replace("COUNT", "OTHER"))
    command = [sys.executable, "-m", "toolaudit", "confirm", "tools.py", "--evidence", "evidence.json", "--seconds", "300", "--", "-v"]
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a parent in the background may ignore it
    ) as running:  # fmt: skip
        assert running.stdout is not None
        said = ""
        while "bump|bump[TA101] FAILED" not in said:
            line = running.stdout.readline()
            assert line, said
            said += line
        os.killpg(running.pid, signal.SIGINT) if whole_group else running.send_signal(signal.SIGINT)
        said += running.communicate(timeout=300)[0]
    assert running.returncode == 130, said
    assert "Traceback" not in said
    assert "1 confirmed" in said
    known = load_evidence((tmp_path / "evidence.json").read_bytes())
    assert {item.verdict for item in known.items} == {"confirmed"}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--toolaudit=nowhere"], "nowhere"),
        (["--toolaudit=tools.py", "--toolaudit-allow=everything"], "expected net:HOST"),
        (["--toolaudit=tools.py", "--toolaudit-items=many"], "--toolaudit-items=many: expected a number"),
    ],
    ids=["no such path", "unknown permission", "no number"],
)
def test_bad_options_are_one_clear_line(tmp_path: Path, options: list[str], said: str) -> None:
    (tmp_path / "tools.py").write_text(COUNTER)
    done = subprocess.run([sys.executable, "-m", "pytest", *options], cwd=tmp_path, capture_output=True, text=True, timeout=600)
    assert done.returncode == 4
    assert said in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
