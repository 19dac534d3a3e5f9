"""Plugins that live beside ours, in real sessions; each case is skipped where its plugin is absent.

`python tests/compat/matrix.py neighbours` runs them all, one environment a plugin.
"""

from __future__ import annotations

import importlib.util
import json

import pytest

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.timeout(120)

TOOLS = """
import threading
COUNTS, LOCK = {}, threading.Lock()

def count(key):
    COUNTS[key] = COUNTS.get(key, 0) + 1

def count_locked(key):
    with LOCK:
        COUNTS[key] = COUNTS.get(key, 0) + 1
"""
TESTS = """
import pytest
from pytest_toolaudit import call
from tools import count, count_locked

def test_racy(toolaudit):
    toolaudit.check([call(count, "a"), call(count, "a")])

def test_safe(toolaudit):
    toolaudit.check([call(count_locked, "a"), call(count_locked, "a")])

def test_other():
    assert True
"""
ASYNC = "\n{mark}\nasync def test_async(toolaudit):\n    await toolaudit.acheck([call(count_locked, 'a'), call(count_locked, 'a')])\n"
CASES = {
    "alone": ("pytest", [], "", {"passed": 2, "failed": 1}),
    "xdist": ("xdist", ["-n2"], "", {"passed": 2, "failed": 1}),
    "asyncio": ("pytest_asyncio", [], ASYNC.format(mark="@pytest.mark.asyncio"), {"passed": 3, "failed": 1}),
    "asyncio auto": ("pytest_asyncio", ["-o", "asyncio_mode=auto"], ASYNC.format(mark=""), {"passed": 3, "failed": 1}),
    "anyio": ("anyio", ["-k", "not trio"], ASYNC.format(mark="@pytest.mark.anyio"), {"passed": 3, "failed": 1}),
    "trio": (
        "pytest_trio",
        [],
        "\n@pytest.mark.trio\nasync def test_trio():\n    import trio\n    await trio.sleep(0)\n",
        {"passed": 3, "failed": 1},
    ),
    "cov": ("pytest_cov", ["--cov=tools"], "", {"passed": 2, "failed": 1}),
    "randomly": ("pytest_randomly", [], "", {"passed": 2, "failed": 1}),
    "timeout": ("pytest_timeout", ["--timeout=60"], "", {"passed": 2, "failed": 1}),
    "rerunfailures": ("pytest_rerunfailures", ["--reruns=1"], "", {"passed": 2, "failed": 1, "rerun": 1}),
    "html": ("pytest_html", ["--html=report.html", "--self-contained-html"], "", {"passed": 2, "failed": 1}),
}


@pytest.mark.parametrize("name", CASES)
def test_neighbour(pytester: pytest.Pytester, name: str) -> None:
    """The verdicts are the same beside each, and so is the evidence."""
    module, options, more, wanted = CASES[name]
    if importlib.util.find_spec(module) is None:
        pytest.skip(f"{module} is not installed")
    pytester.makepyfile(tools=TOOLS, test_it=TESTS + more)
    pytester.makeini("[pytest]\npythonpath = .\n")
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "--toolaudit-evidence=ev.json", *options)
    found = result.parseoutcomes()
    assert {key: found.get(key, 0) for key in wanted} == wanted, result.stdout.str()
    items = json.loads((pytester.path / "ev.json").read_text())["items"]
    verdicts = {(item["test"].partition("::")[2].partition("[")[0], item["verdict"]) for item in items}
    assert {("test_racy", "confirmed"), ("test_safe", "not-reproduced")} <= verdicts
    if name == "html":
        assert "shared-state mutation" in (pytester.path / "report.html").read_text()


def test_without_us(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_it(): assert True\n")
    pytester.runpytest_subprocess("-p", "no:toolaudit").assert_outcomes(passed=1)


def test_habits(pytester: pytest.Pytester) -> None:
    """-x, --lf, -k and --durations do what they do."""
    pytester.makepyfile(tools=TOOLS, test_it=TESTS)
    pytester.makeini("[pytest]\npythonpath = .\naddopts = -p no:randomly\n")
    pytester.runpytest_subprocess("-x").assert_outcomes(failed=1)
    pytester.runpytest_subprocess("--lf").assert_outcomes(failed=1)
    pytester.runpytest_subprocess("-k", "safe", "--durations=1").assert_outcomes(passed=1, deselected=2)
