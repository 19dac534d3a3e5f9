"""`pytest --toolaudit=PATH`: the scan's conflicts and orderings as test items, each with one verdict. Registered only when asked for."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pytest_toolaudit.confirming.load import import_file
from pytest_toolaudit.confirming.record import collected, item, told
from pytest_toolaudit.confirming.supplied import Supplied, supplied_by
from pytest_toolaudit.confirming.trial import Limits, Trial, attempt
from pytest_toolaudit.confirming.work import Work, work
from pytest_toolaudit.sandbox import Allowed, AllowError, parse
from toolaudit.cli.outputs import Output, write
from toolaudit.errors import ToolauditError
from toolaudit_reports.document import DocumentError, EvidenceItem, ScanDocument, encode, load_scan

PROPERTY = "toolaudit-item"


class ConfirmPlugin:
    """Holds the items' trials and writes the evidence at the end of the session."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.root = Path(config.invocation_params.dir)
        self.paths = [Path(text) for text in config.getoption("toolaudit_paths") or ()]
        self.found: dict[str, str] = {}
        self.limits = Limits(
            preemptions=int(config.getoption("toolaudit_preemptions") or 2),
            budget=int(config.getoption("toolaudit_budget") or 200),
            seed=int(config.getoption("toolaudit_seed") or 0),
            runner=str(config.getoption("toolaudit_runner") or "auto"),
            seconds=float(config.getoption("toolaudit_seconds") or 30.0),
        )
        try:
            self.allowed: Allowed = parse(config.getoption("toolaudit_allow") or ())
        except AllowError as error:
            raise pytest.UsageError(str(error)) from None

    def take_over(self) -> None:
        """Before collection: without paths on the command line only our items run, and a conftest.py beside the tools counts."""
        if self.config.args_source is not pytest.Config.ArgsSource.ARGS:
            self.config.args = []
        for path in self.paths:
            folder = path.resolve() if path.is_dir() else path.resolve().parent
            conftest = folder / "conftest.py"
            plugins = self.config.pluginmanager
            known = {str(getattr(plugin, "__file__", "")) for plugin in plugins.get_plugins()}
            if conftest.exists() and str(conftest) not in known:
                plugins.register(import_file(conftest), str(conftest))

    def document(self) -> ScanDocument:
        """The scan document: read when the path is a JSON file, made otherwise."""
        if len(self.paths) == 1 and self.paths[0].suffix == ".json":
            try:
                return load_scan(self.paths[0].read_bytes())
            except (OSError, DocumentError) as error:
                raise pytest.UsageError(f"--toolaudit: {self.paths[0]}: {error}") from None
        from toolaudit.cli.settings import settle
        from toolaudit.pipeline import scan

        try:
            return scan(settle(tuple(self.paths), {}))
        except ToolauditError as error:
            raise pytest.UsageError(f"--toolaudit: {error.message}") from None

    def supplied(self) -> Supplied:
        """What the project's conftest.py files supply, the nearest last."""
        return supplied_by(self.config)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, session: pytest.Session, items: list[pytest.Item]) -> None:
        """The items stand beside those that were asked for by path."""
        collector = ConfirmCollector.from_parent(session, name="toolaudit", nodeid="toolaudit")
        collector.plugin = self
        items.extend(collector.collect())
        session.testscollected = len(items)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Items travel as properties of their reports, from xdist's workers too."""
        if report.when == "call":
            for name, text in report.user_properties:
                if name == PROPERTY:
                    self.found[report.nodeid] = str(text)

    def pytest_sessionfinish(self) -> None:
        """Writes the evidence document."""
        target = self.config.getoption("toolaudit_evidence") or self.config.getini("toolaudit_evidence")
        if target and not hasattr(self.config, "workerinput"):
            document = collected(self.items, runner=self.limits.runner, seed=self.limits.seed)
            write(Output("json", Path(str(target))), encode(document).decode())

    @property
    def items(self) -> tuple[EvidenceItem, ...]:
        """What was found so far."""
        return tuple(msgspec.json.decode(text, type=EvidenceItem) for text in self.found.values())

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """How many of each verdict."""
        if self.found:
            counts = Counter[str](found.verdict for found in self.items)
            terminalreporter.write_sep("=", "toolaudit confirm")
            names = ("confirmed", "not-reproduced", "cannot-run")
            terminalreporter.write_line(", ".join(f"{counts[name]} {name.replace('-', ' ')}" for name in names))


class ConfirmCollector(pytest.Collector):
    """All items of one scan."""

    plugin: ConfirmPlugin

    def collect(self) -> list[pytest.Item]:
        supplied = self.plugin.supplied()
        items: list[pytest.Item] = []
        for one in work(self.plugin.document()):
            made = ConfirmItem.from_parent(self, name=one.name)
            made.work, made.plugin, made.supplied = one, self.plugin, supplied
            items.append(made)
        return items


class ConfirmItem(pytest.Item):
    """One conflict or ordering: fails when it is confirmed, passes when it is not reproduced, is skipped when it cannot run."""

    work: Work
    plugin: ConfirmPlugin
    supplied: Supplied

    def runtest(self) -> None:
        trial = attempt(self.work, self.plugin.root, self.supplied, self.plugin.limits, self.plugin.allowed)
        self.user_properties.append((PROPERTY, msgspec.json.encode(item(trial, self.plugin.root)).decode()))
        if trial.verdict == "cannot-run":
            pytest.skip(trial.reason + (f"; {trial.remedy}" if trial.remedy else ""))
        if trial.verdict == "confirmed":
            raise ConfirmedError(trial)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, ConfirmedError):
            return told(excinfo.value.trial)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        tool = self.work.tools[0]
        return self.plugin.root / tool.file, tool.line - 1, self.name


class ConfirmedError(AssertionError):
    """The item's conflict is real; `trial` holds the witness."""

    def __init__(self, trial: Trial) -> None:
        super().__init__(trial.work.name)
        self.trial = trial
