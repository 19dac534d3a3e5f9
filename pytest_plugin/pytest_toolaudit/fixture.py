"""What a test author sees: ``toolaudit.check([call(add_note, "a"), call(add_note, "b")])``."""

from __future__ import annotations

import asyncio
import importlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from pytest_toolaudit import failures
from pytest_toolaudit.calls import Call, call
from pytest_toolaudit.confirming.supplied import Supplied, supplied_by
from pytest_toolaudit.display import Progress
from pytest_toolaudit.exploring import explore
from pytest_toolaudit.injected import MISSING
from pytest_toolaudit.oracle.world import WorkingFolder
from pytest_toolaudit.plugin import ITEM, PROPERTY, evidence_target
from pytest_toolaudit.search.token import BadSchedule
from pytest_toolaudit.verdict import Verdict

PROFILES: dict[str, dict[str, int]] = {
    "dev": {"budget": 300, "preemptions": 2},
    "ci": {"budget": 1000, "preemptions": 2},
    "deep": {"budget": 5000, "preemptions": 3},
}
_NUMBERS = ("budget", "preemptions", "seed")
ORDERS = ("auto", "any", "given")


class Clash(AssertionError):  # noqa: N818 - a finding about the batch, not an error of a program
    """A batch that must not run in parallel, with the whole story as its message."""

    def __init__(self, text: str, verdict: Verdict) -> None:
        super().__init__(text)
        self.verdict = verdict


class Toolaudit:
    """The fixture. Options given to a method win over the marker, the command line, the ini file and the profile."""

    call = staticmethod(call)

    def __init__(self, request: pytest.FixtureRequest) -> None:
        self._request = request
        self.config = request.config
        self._replay: str | None = self.config.getoption("--toolaudit-replay")
        self._count = 0
        self._supplied: Supplied | None = None

    @property
    def folder(self) -> Path:
        """Where the test's file is."""
        return Path(self._request.path).parent

    # -- options ------------------------------------------------------------------------------------------------------

    def _option(self, name: str) -> Any:
        value = self.config.getoption(f"--toolaudit-{name}")
        if value is None:
            value = self.config.getini(f"toolaudit_{name}") or None
        if value is not None and name in _NUMBERS:
            try:
                return int(value)
            except ValueError:
                raise pytest.UsageError(f"--toolaudit-{name} takes a number, not {value!r}") from None
        return value

    def _settings(self, given: dict[str, Any]) -> dict[str, Any]:
        profile = self._option("profile") or "dev"
        if profile not in PROFILES:
            raise pytest.UsageError(f"--toolaudit-profile is one of {', '.join(PROFILES)}, not {profile!r}")
        settings: dict[str, Any] = dict(PROFILES[profile])
        settings.update({n: v for n in (*_NUMBERS, "runner") if (v := self._option(n)) is not None})
        for marker in reversed(list(self._request.node.iter_markers("toolaudit"))):
            settings.update(marker.kwargs)
        settings.update({name: value for name, value in given.items() if value is not None})
        settings.setdefault("packages", tuple(self.config.getini("toolaudit_packages") or ()))
        settings.setdefault("roots", self._roots())
        settings.setdefault("supply", self._supply)
        return settings

    def _supply(self, parameter: str, kind: str) -> Any:
        """What the project gives for an injected parameter: a hook's object or a fixture, by the parameter's name or the class."""
        objects = supplied_by(self.config).objects
        for name in (parameter, kind):
            if name in objects:
                return objects[name]()
        for name in (parameter, re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", kind).lower()):
            try:
                return self._request.getfixturevalue(name)
            except (pytest.FixtureLookupError, ValueError):
                continue
        return MISSING

    def _roots(self) -> tuple[str, ...]:
        base = self._request.node.funcargs.get("tmp_path")
        return tuple(str(p) for p in (base, self.config.rootpath) if p is not None)

    # -- what tests call ----------------------------------------------------------------------------------------------

    def explore(self, calls: Sequence[Call], **options: Any) -> Verdict:
        """As ``pytest_toolaudit.explore`` with this session's options; fails nothing."""
        settings = self._settings(options)
        settings.pop("order", None)
        progress = Progress(self.config) if Progress.wanted(self.config) else None
        folder = WorkingFolder() if settings.get("state") is None and self.in_session_folder() else nullcontext()
        try:
            with folder:
                verdict = explore(calls, **settings, progress=progress)
        finally:
            if progress is not None:
                progress.end()
        if evidence_target(self.config):
            self._record(verdict)
        return verdict

    def check(
        self,
        calls: Sequence[Call],
        *,
        state: Callable[[], Any] | None = None,
        observe: Callable[..., Any] | None = None,
        runner: str | None = None,
        preemptions: int | None = None,
        budget: int | None = None,
        seed: int | None = None,
        order: str | None = None,
        title: str = "",
        **more: Any,
    ) -> Verdict:
        """Explores the batch and fails the test if it must not run in parallel.

        ``order``: ``auto`` fails an order-dependent batch only where another order fails or falls back, ``any``
        accepts every serial order, ``given`` only the given one.
        """
        __tracebackhide__ = True
        given = dict(state=state, observe=observe, runner=runner, preemptions=preemptions, budget=budget, seed=seed, **more)
        settings = self._settings({**given, "order": order})
        wanted = settings.pop("order", "auto")
        if wanted not in ORDERS:
            raise pytest.UsageError(f"order is one of {', '.join(ORDERS)}, not {wanted!r}")
        verdict = self._run(calls, settings)
        problem = _problem(verdict, wanted)
        self._note(verdict, problem is not None)
        if problem is not None:
            raise Clash(f"{title}: {problem}" if title else problem, verdict)
        return verdict

    async def acheck(self, calls: Sequence[Call], **options: Any) -> Verdict:
        """As ``check``, inside a running event loop. The batch runs on a loop of its own, in another thread."""
        __tracebackhide__ = True
        try:
            return await asyncio.to_thread(self.check, calls, **options)
        except Clash as clash:
            raise clash.with_traceback(None) from None  # the frames of the other thread are none of the reader's

    def replay_schedule(self, schedule: str) -> None:
        """The next ``check`` of this test runs this schedule only."""
        self._replay = schedule

    @property
    def state(self) -> Callable[[], Any] | None:
        """The world of the hook `pytest_toolaudit_state`, as `confirm` uses it."""
        return supplied_by(self.config).state

    def tool(self, identity: str) -> Callable[..., Any]:
        """The tool that a scan calls ``folder/file.py::Class.function``, imported, its object made as `confirm` makes it."""
        from pytest_toolaudit.confirming.absent import stand_ins
        from pytest_toolaudit.confirming.arguments import standing_in
        from pytest_toolaudit.confirming.load import load

        file, _, function = identity.partition("::")
        if self._supplied is None:
            self._supplied = supplied_by(self.config)
        folders = (Path(self.config.invocation_params.dir), self.config.rootpath)
        place = next((folder / file for folder in folders if (folder / file).exists()), folders[0] / file)
        with stand_ins():
            return standing_in(load(place, function.partition("#")[0], self._supplied), self._supplied)

    def replay(
        self,
        file: str | Path,
        *,
        tools: Iterable[Any] | Mapping[str, Any] | None = None,
        turn: int | None = None,
        state: Callable[[], Any] | None = None,
        **options: Any,
    ) -> list[Verdict]:
        """Checks the turns of a recording: of OpenAI, Anthropic, Gemini, Bedrock, LangChain, Pydantic AI, MCP, OpenTelemetry or our own.

        Tools are found by name, among ``tools`` (a list, or a mapping from the model's names) or those that a scan of the
        project finds. Each turn of two calls or more is a batch; the turns before it run one call after the other. ``turn``
        is the only one to check, counted from 1. ``options`` go to ``check``.
        """
        __tracebackhide__ = True
        from pytest_toolaudit.replaying import replay

        return replay(self, file, tools, turn, state, options)

    # -- inside -------------------------------------------------------------------------------------------------------

    def _run(self, calls: Sequence[Call], settings: dict[str, Any]) -> Verdict:
        self._count += 1
        if self._replay is not None:
            schedule, self._replay = self._replay, None
            settings.pop("first", None)
            try:
                return self.explore(calls, **settings, schedule=schedule)
            except BadSchedule as error:
                pytest.fail(f"toolaudit cannot replay: {error}", pytrace=False)
        test = self._request.node.nodeid + (f" ({self._count})" if self._count > 1 else "")
        kept = failures.file_for(self.config.rootpath, test)
        first = [*settings.pop("first", ()), *failures.load(kept)]
        verdict = self.explore(calls, **settings, first=first)
        if verdict.witness is not None:
            failures.save(kept, test, verdict.witness.schedule)
        elif kept.exists():
            failures.forget(kept)
        return verdict

    def _record(self, verdict: Verdict) -> None:
        """For `--toolaudit-evidence`: items travel as properties of the test's report, from xdist's workers too."""
        import msgspec

        from pytest_toolaudit.tested import items

        root = Path(self.config.invocation_params.dir)
        found = items(verdict, self._request.node.nodeid, root)
        self._request.node.user_properties += [(ITEM, msgspec.json.encode(item).decode()) for item in found]

    def _note(self, verdict: Verdict, failed: bool) -> None:
        """For junit XML: what came of the batch, and of a failing one what it takes to see it again."""
        properties = self._request.node.user_properties
        properties.append((PROPERTY, verdict.kind))
        if failed:
            self._attach(verdict)
            properties.append((f"{PROPERTY}.batch", ", ".join(map(str, verdict.calls))))
            properties += [(f"{PROPERTY}.failure", verdict.failure)] if verdict.failure else []
            properties += [(f"{PROPERTY}.resource", resource) for resource in verdict.resources]
            properties += [(f"{PROPERTY}.schedule", verdict.witness.schedule)] if verdict.witness is not None else []

    def _attach(self, verdict: Verdict) -> None:
        """The story beside the test in pytest-html's report, where that is installed."""
        if self.config.pluginmanager.hasplugin("html"):
            try:
                extras = importlib.import_module("pytest_html.extras")
                self._request.getfixturevalue("extras").append(extras.text(verdict.render(), name="toolaudit"))
            except (ImportError, pytest.FixtureLookupError):  # a plugin of that name that is not pytest-html
                return

    def in_session_folder(self) -> bool:
        """Whether the test has chosen no working folder of its own."""
        return Path.cwd().resolve() == self.config.invocation_params.dir.resolve()


def _problem(verdict: Verdict, order: str) -> str | None:
    if verdict.kind in ("racy", "deadlock", "livelock", "nondeterministic", "inconclusive"):
        return verdict.render()
    if verdict.kind == "order-dependent" and (order == "given" or (order == "auto" and verdict.failure is not None)):
        return verdict.render()
    return None
