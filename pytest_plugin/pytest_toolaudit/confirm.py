"""`pytest --toolaudit=PATH`: the scan's conflicts and orderings as test items, each with one verdict. Registered only when asked for."""

from __future__ import annotations

import functools
import os
import signal
import threading
import time
import traceback
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar, cast

import msgspec
import pytest
from _pytest.fixtures import TopRequest

from pytest_toolaudit.confirming.conftests import as_objects, conftests, made_visible
from pytest_toolaudit.confirming.load import import_file
from pytest_toolaudit.confirming.outcomes import Limits, Trial
from pytest_toolaudit.confirming.record import collected, items_of, properties, told
from pytest_toolaudit.confirming.supplied import CannotRunError, Supplied, supplied_by
from pytest_toolaudit.confirming.trial import attempt
from pytest_toolaudit.confirming.work import Work, chosen, work
from pytest_toolaudit.display import Progress
from pytest_toolaudit.sandbox import OPTION, Allowed, AllowError, parse
from toolaudit.cli.outputs import Output, write
from toolaudit.errors import ToolauditError
from toolaudit_reports.document import DocumentError, EvidenceItem, ScanDocument, encode, load_scan

PROPERTY = "toolaudit-item"
LEFT_OUT = "toolaudit_left_out"
ITEMS = 300
PATIENCE = 5.0
REASONS = 5
N = TypeVar("N", int, float)


class ConfirmPlugin:
    """Holds the items' trials and writes the evidence at the end of the session."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.root = Path(config.invocation_params.dir)
        self.paths = [Path(text) for text in config.getoption("toolaudit_paths") or ()]
        self.found: dict[str, str] = {}
        self.fixtures: frozenset[str] = frozenset()
        self.left_out = 0
        self.handler: Any = None
        self.interrupt: float | None = None
        self.most = _number(config, "items", int, ITEMS, least=0)
        self.limits = Limits(
            preemptions=_number(config, "preemptions", int, 2, least=0),
            budget=_number(config, "budget", int, 200, least=2),
            seed=_number(config, "seed", int, 0),
            runner=str(config.getoption("toolaudit_runner") or "auto"),
            seconds=_number(config, "seconds", float, 30.0, least=0.1),
        )
        try:
            option = "--allow" if config.getoption("toolaudit_command") else OPTION
            self.allowed: Allowed = parse(config.getoption("toolaudit_allow") or (), option)
        except AllowError as error:
            raise pytest.UsageError(str(error)) from None

    def take_over(self) -> None:
        """Before collection: without paths on the command line only our items run, and the conftest.py files above the tools count."""
        if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            self.handler = signal.signal(signal.SIGINT, self.interrupted)
        self.config.pluginmanager.register(Last(self), "toolaudit-confirm-last")
        if self.config.args_source is not pytest.Config.ArgsSource.ARGS:
            self.config.args = []
        plugins = self.config.pluginmanager
        known = {str(getattr(plugin, "__file__", "")): plugin for plugin in plugins.get_plugins()}
        modules = []
        for conftest in self.conftests():
            if str(conftest) in known:
                modules.append(known[str(conftest)])
            elif conftest.exists():
                try:
                    modules.append(import_file(conftest))
                    plugins.register(modules[-1], str(conftest))
                except CannotRunError as error:
                    raise pytest.UsageError(f"--toolaudit: {conftest}: {error.reason}") from None
        self.fixtures = made_visible(self.config, modules)

    def conftests(self) -> list[Path]:
        """The conftest.py files that count for the scanned folders."""
        roots = self.paths
        if [path.suffix for path in roots] == [".json"]:
            roots = [self.root / root for root in self.document().roots]
        return conftests(roots, self.config.rootpath)

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

    @functools.cached_property
    def base(self) -> Path:
        """What the scan shows files relative to; a scan document is read where it was made."""
        from toolaudit.project.walk import base_of

        return self.root if any(path.suffix == ".json" for path in self.paths) else base_of(self.paths)

    @property
    def outside(self) -> Path | None:
        """Where the tools are, when that is not the working folder."""
        return self.base if self.base != self.root else None

    @property
    def from_here(self) -> str:
        """The same as a path that a command of the working folder takes, to put before a file's name."""
        return "" if self.outside is None else os.path.relpath(self.base, self.root).replace(os.sep, "/") + "/"

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

    def limit(self, items: list[pytest.Item]) -> None:
        """Deselects the weakest of too many items: of those that `-k` and the like left."""
        ours = [item for item in items if isinstance(item, ConfirmItem)]
        kept = chosen([item.work for item in ours], self.most)
        left = [item for item in ours if item.work.name not in kept]
        if left:
            self.left_out = len(left)
            names = {item.nodeid for item in left}
            items[:] = [item for item in items if item.nodeid not in names]
            self.config.hook.pytest_deselected(items=left)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Workers count what they left out; each leaves out the same."""
        self.left_out = max(self.left_out, getattr(node, "workeroutput", {}).get(LEFT_OUT, 0))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Items travel as properties of their reports, from xdist's workers too; other reporters are not shown them."""
        if hasattr(self.config, "workerinput"):
            return
        for name, text in report.user_properties:
            if name == PROPERTY and report.when == "call":
                self.found[report.nodeid] = str(text)
        report.user_properties[:] = [(name, value) for name, value in report.user_properties if name != PROPERTY]

    def interrupted(self, number: int, frame: object) -> None:
        """The first interrupt ends the run; those that follow at once would cut off the writing of what is known."""
        first, self.interrupt = self.interrupt is None, self.interrupt or time.monotonic()
        if first or time.monotonic() - self.interrupt > PATIENCE:
            raise KeyboardInterrupt

    def pytest_unconfigure(self) -> None:
        """Whoever called pytest can be interrupted again."""
        if self.handler is not None and self.interrupt is None:
            signal.signal(signal.SIGINT, self.handler)

    def pytest_sessionfinish(self) -> None:
        """Writes the evidence document."""
        output: dict[str, object] | None = getattr(self.config, "workeroutput", None)  # a worker of pytest-xdist's
        if output is not None:
            output[LEFT_OUT] = self.left_out
        target = self.config.getoption("toolaudit_evidence") or self.config.getini("toolaudit_evidence")
        if target and not hasattr(self.config, "workerinput"):
            document = collected(self.items, runner=self.limits.runner, seed=self.limits.seed)
            write(Output("json", Path(str(target))), encode(document).decode())

    @property
    def items(self) -> tuple[EvidenceItem, ...]:
        """What was found so far."""
        return tuple(item for text in self.found.values() for item in msgspec.json.decode(text, type=list[EvidenceItem]))

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """How many of each verdict."""
        if self.found:
            firsts = [msgspec.json.decode(text, type=list[EvidenceItem])[0] for text in self.found.values()]
            counts = Counter[str](found.verdict for found in firsts)
            terminalreporter.write_sep("=", "toolaudit confirm")
            names = ("confirmed", "not-reproduced", "cannot-run")
            terminalreporter.write_line(", ".join(f"{counts[name]} {name.replace('-', ' ')}" for name in names))
            if len(self.items) > len(firsts):
                terminalreporter.write_line(f"they stand for {len(self.items)} clashes of the scan")
            reasons = Counter(found.reason for found in firsts if found.verdict == "cannot-run").most_common()
            for reason, number in reasons[:REASONS]:
                terminalreporter.write_line(f"cannot run ({number}): {' '.join(reason.split())}")
            if len(reasons) > REASONS:
                terminalreporter.write_line(f"and {len(reasons) - REASONS} more reasons: `-- -rs` lists all, and so does --evidence")
        if self.left_out:
            more = "--items=0 of `toolaudit confirm`, --toolaudit-items=0 of pytest, or -k"
            terminalreporter.write_line(f"{self.left_out} items left out, the weakest first: {more}")


def _number(config: pytest.Config, name: str, kind: type[N], default: N, least: float | None = None) -> N:
    said = config.getoption(f"toolaudit_{name}")
    try:
        value = default if said is None else kind(said)
    except ValueError:
        raise pytest.UsageError(f"--toolaudit-{name}={said}: expected a number") from None
    if least is not None and value < least:
        raise pytest.UsageError(f"--toolaudit-{name}={said}: expected {least} or more")
    return value


class Last:
    """Comes after `-k`, `--deselect` and other plugins."""

    def __init__(self, confirm: ConfirmPlugin) -> None:
        self.confirm = confirm

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leaves out what is too much."""
        self.confirm.limit(items)


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
    kept: tuple[str, ...] = ()
    """Folders in which the project's fixtures make files."""

    def setup(self) -> None:
        """As pytest's own items that are no functions do: the project's fixtures can be asked for."""
        if self.plugin.fixtures:
            self._fixtureinfo: Any = self.session._fixturemanager.getfixtureinfo(node=self, func=None, cls=None)
            self.fixturenames, self.funcargs, self.obj = self._fixtureinfo.names_closure, dict[str, Any](), None
            self._request: Any = TopRequest(cast("Any", self), _ispytest=True)
            fixtures = as_objects(sorted(self.plugin.fixtures), self._request.getfixturevalue)
            self.supplied = replace(self.supplied, objects={**fixtures, **self.supplied.objects})
            self.kept = (str(self._request.getfixturevalue("tmp_path_factory").getbasetemp()),)

    def runtest(self) -> None:
        trial = self._tried()
        self.user_properties.append((PROPERTY, msgspec.json.encode(items_of(trial, self.plugin.base, self.plugin.from_here)).decode()))
        self.user_properties += properties(trial)
        target = self.config.getoption("toolaudit_write_tests")
        if target and trial.verdict == "confirmed":
            from pytest_toolaudit.writing import write_test

            write_test(trial, self.plugin.root / target, self.supplied.state is not None, self.plugin.outside)
        if trial.verdict == "cannot-run":
            pytest.skip(trial.reason + (f"; {trial.remedy}" if trial.remedy else ""))
        if trial.verdict == "confirmed":
            raise ConfirmedError(trial)

    def _tried(self) -> Trial:
        """What came of the item; what goes wrong around its calls costs this one, not the run."""
        progress = Progress(self.config) if Progress.wanted(self.config) else None
        limits = replace(self.plugin.limits, progress=progress)
        try:
            allowed = replace(self.plugin.allowed, folders=(*self.plugin.allowed.folders, *self.kept))
            return attempt(self.work, self.plugin.base, self.supplied, limits, allowed)
        except Exception as error:
            frame = traceback.extract_tb(error.__traceback__)[-1]
            reason = f"it could not be tried: {type(error).__name__}: {error} at {Path(frame.filename).name}:{frame.lineno}"
            return Trial(self.work, "cannot-run", reason=reason)
        finally:
            if progress is not None:
                progress.end()

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, ConfirmedError):
            return told(excinfo.value.trial)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        tool = self.work.tools[0]
        return self.plugin.base / tool.file, tool.line - 1, self.name


class ConfirmedError(AssertionError):
    """The item's conflict is real; `trial` holds the witness."""

    def __init__(self, trial: Trial) -> None:
        super().__init__(trial.work.name)
        self.trial = trial
