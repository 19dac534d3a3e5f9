"""Hooks and options of the pytest plugin. Standard library and pytest only: every test session pays for this import."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pytest_toolaudit.fixture import Toolaudit

_OPTIONS: tuple[tuple[str, str, str], ...] = (
    ("budget", "N", "schedules at most for one batch"),
    ("preemptions", "N", "run every schedule with up to N preemptions at conflicting accesses"),
    ("seed", "N", "seed of the random walk after the sweep"),
    ("runner", "NAME", "how calls run: threads, event-loop or task-group"),
    ("profile", "NAME", "defaults for budget and preemptions: dev, ci or deep"),
)
PROPERTY = "toolaudit"
ITEM = "toolaudit-explored"


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--toolaudit-…`` options, each also an ini setting where it makes sense."""
    group = parser.getgroup("toolaudit", "replaying batches of tool calls under controlled interleavings")
    for name, metavar, text in _OPTIONS:
        group.addoption(f"--toolaudit-{name}", default=None, metavar=metavar, help=text)
        parser.addini(f"toolaudit_{name}", text, default=None)
    group.addoption("--toolaudit-replay", default=None, metavar="SCHEDULE", help="run this schedule only, as a failure printed it")
    group.addoption("--toolaudit-evidence", default=None, metavar="FILE", help="write what was explored and found as JSON to FILE")
    group.addoption(
        "--toolaudit", action="append", default=[], metavar="PATH", dest="toolaudit_paths",
        help="turn every conflict and ordering that the scan of PATH (or a scan document) reports into a test item",
    )  # fmt: skip
    group.addoption(
        "--toolaudit-allow", action="append", default=[], metavar="WHAT",
        help="let the sandbox of --toolaudit pass net:HOST, subprocess:PROGRAM, write:PATH or signal",
    )  # fmt: skip
    group.addoption("--toolaudit-items", default=None, metavar="N", help="items of --toolaudit at most, the strongest; 0: all [300]")
    group.addoption("--toolaudit-write-tests", default=None, metavar="DIR", help="write what --toolaudit confirms as test files to DIR")
    group.addoption("--toolaudit-seconds", default=None, metavar="S", help="time limit of one item of --toolaudit [30]")
    group.addoption("--toolaudit-command", action="store_true", help=argparse.SUPPRESS)  # messages name the options of `toolaudit confirm`
    parser.addini("toolaudit_tools", "where toolaudit.replay looks for tools: paths below the root", type="args")
    parser.addini("toolaudit_packages", "installed packages to instrument besides the project's modules", type="args")
    parser.addini("toolaudit_evidence", "file for the evidence document", default=None)


def pytest_configure(config: pytest.Config) -> None:
    """Registers the marker, and the collector of evidence where one is asked for."""
    config.addinivalue_line("markers", "toolaudit(**options): defaults for toolaudit.check in this test")
    if config.getoption("toolaudit_paths"):
        from pytest_toolaudit.confirm import ConfirmPlugin

        confirm = ConfirmPlugin(config)
        config.pluginmanager.register(confirm, "toolaudit-confirm")
        confirm.take_over()
        return
    target = evidence_target(config)
    if target and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Evidence(target, config), "toolaudit-evidence")


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Hooks by which a conftest.py supplies what `--toolaudit` cannot make up."""
    from pytest_toolaudit import hookspecs

    pluginmanager.add_hookspecs(hookspecs)


@pytest.fixture
def toolaudit(request: pytest.FixtureRequest) -> Toolaudit:
    """Replays batches of tool calls: ``toolaudit.check([call(tool, argument), call(other)])``."""
    from pytest_toolaudit.fixture import Toolaudit

    return Toolaudit(request)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Other reporters have their text by now: on a terminal the story gets its colours."""
    reporter: Any = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and reporter.hasmarkup:
        failed = [report for report in reporter.stats.get("failed", ()) if any(name == PROPERTY for name, _ in report.user_properties)]
        if failed:
            from pytest_toolaudit.display import colour

            for report in failed:
                colour(report)


def evidence_target(config: pytest.Config) -> str:
    """The file for the evidence document; empty when none is wanted."""
    return str(config.getoption("--toolaudit-evidence") or config.getini("toolaudit_evidence") or "")


class Evidence:
    """Collects what all tests explored, on xdist's workers too, and writes it at the end of the session."""

    def __init__(self, target: str, config: pytest.Config) -> None:
        self.target, self.config = target, config
        self.found: list[str] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Takes the items out of the report's properties, so that other reporters do not print them."""
        kept = [(name, value) for name, value in report.user_properties if name != ITEM]
        if len(kept) != len(report.user_properties):
            if report.when == "teardown":  # every report of a test carries all properties so far
                self.found += [str(value) for name, value in report.user_properties if name == ITEM]
            report.user_properties[:] = kept

    def pytest_sessionfinish(self) -> None:
        """Writes the document."""
        from pytest_toolaudit.tested import write

        option = self.config.getoption
        write(self.target, self.found, runner=option("toolaudit_runner") or "threads", seed=int(option("toolaudit_seed") or 0))
