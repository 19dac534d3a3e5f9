"""How calls run: by framework, version and kind of function, changed by switches, overridden by the user."""

from __future__ import annotations

import pytest

from toolaudit.frameworks import load
from toolaudit.frameworks.dispatch import Change, compare, dispatch, runs, with_runs
from toolaudit.frameworks.versions import Version
from toolaudit.model import Tool

FRAMEWORKS = load()
BY_NAME = {framework.name: framework for framework in FRAMEWORKS}


def tool(framework: str, *, is_async: bool = False, name: str = "t", **declared: bool | int | str | None) -> Tool:
    return Tool(f"a.py::{name}", name, "a.py", 1, name, framework, "decorator", is_async, declared=declared)


@pytest.mark.parametrize(
    ("framework", "before", "after", "was", "now"),
    [
        ("mcp", "1.30.0", "2.0.0", "event-loop", "threads"),
        ("fastmcp", "2.14.7", "3.0.0", "event-loop", "threads"),
        ("openai-agents", "0.7.0", "0.8.0", "event-loop", "threads"),
        ("agent-framework", "1.7.0", "1.8.0", "event-loop", "threads"),
        ("crewai", "1.9.3", "1.10.0", "serial", "threads"),
        ("smolagents", "1.17.0", "1.18.0", "serial", "threads"),
    ],
)
def test_upgrades_that_switch_parallelism_on(framework, before, after, was, now):
    one = tool(framework)
    assert (runs(one, BY_NAME[framework], before), runs(one, BY_NAME[framework], after)) == (was, now)
    assert compare([one, tool("bare", name="other")], FRAMEWORKS, framework, before, after) == (Change(one.id, was, now),)


def test_coroutines_of_a_server_do_not_change():
    assert compare([tool("mcp", is_async=True)], FRAMEWORKS, "mcp", "1.30", "2.3") == ()


def test_a_framework_is_found_by_its_distribution():
    assert compare([tool("haystack")], FRAMEWORKS, "haystack-ai", "3.0", "3.1") == ()
    with pytest.raises(ValueError, match=r"no framework `nope`; `toolaudit frameworks` lists the"):
        compare([], FRAMEWORKS, "nope", "1", "2")


@pytest.mark.parametrize(
    ("one", "version", "runner", "workers"),
    [
        (tool("fastmcp", run_in_thread=False), "4.1.6", "event-loop", 1),
        (tool("fastmcp", run_in_thread=True), "4.1.6", "threads", 40),
        (tool("fastmcp", is_async=True, run_in_thread=False), "4.1.6", "event-loop", 0),
        (tool("fastmcp", run_in_thread=False), "2.14.7", "event-loop", 1),
        (tool("pydantic-ai", sequential=True), "2.68.0", "serial", 1),
        (tool("pydantic-ai", is_async=True, sequential=True), "2.68.0", "serial", 1),
        (tool("crewai", max_usage_count=3), "1.15.30", "serial", 1),
        (tool("crewai", result_as_answer=True), "1.15.30", "serial", 1),
        (tool("crewai"), "1.15.30", "threads", 8),
        (tool("letta", enable_parallel_execution=True), "0.16.8", "processes", 1),
        (tool("openhands"), "1.58.2", "serial", 1),
        (tool("semantic-kernel"), "1.45.0", "event-loop", 1),
        (tool("llama-index"), "0.14.25", "threads", 4),
        (tool("bare"), "", "unknown", None),
    ],
)
def test_the_default_entry_and_the_tool_s_own_switches(one, version, runner, workers):
    found = dispatch(one, BY_NAME[one.framework], version)
    assert (found.runner, found.workers) == (runner, workers)


def test_another_entry_point_of_the_same_version():
    agno = BY_NAME["agno"]
    assert dispatch(tool("agno"), agno, "3.1.10").runner == "threads"
    assert dispatch(tool("agno"), agno, "3.1.10", entry="Agent.run").runner == "serial"


def test_the_user_s_word_decides():
    found = dispatch(tool("mcp"), BY_NAME["mcp"], "2.3.0", override="processes")
    assert found.runner == "processes"
    assert found.notes == ("--runner processes",)
    assert runs(tool("mcp"), None, None, "threads") == "threads"
    assert runs(tool("mcp"), BY_NAME["mcp"], "2.3", "no such runner") == "unknown"


def test_an_uncertain_version_is_noted():
    guess = Version("2.3.0", "version unknown: nothing names it", certain=False)
    assert dispatch(tool("mcp"), BY_NAME["mcp"], guess).notes[-1] == guess.source
    assert guess.source not in dispatch(tool("mcp"), BY_NAME["mcp"], Version("2.3.0", "uv.lock")).notes


def test_without_a_framework_nothing_is_known():
    found = dispatch(tool("gone"), None, None)
    assert (found.runner, found.workers, found.entry, found.failure, found.order) == ("unknown", None, "", "unknown", "unknown")


def test_failure_order_and_timeout_are_told():
    found = dispatch(tool("smolagents"), BY_NAME["smolagents"], "1.26.0")
    assert (found.failure, found.order, found.entry) == ("siblings-finish", "call-id", "ToolCallingAgent.run")
    assert found.workers is not None and 5 <= found.workers <= 32


def test_all_tools_at_once():
    versions = {"mcp": Version("1.30.0", "uv.lock")}
    assert [one.runs for one in with_runs([tool("mcp"), tool("gone")], FRAMEWORKS, versions)] == ["event-loop", "unknown"]
    assert [one.runs for one in with_runs([tool("mcp")], FRAMEWORKS, versions, "threads")] == ["threads"]
