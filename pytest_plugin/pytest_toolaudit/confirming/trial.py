"""One work item, tried: worlds and batches from the likeliest on, until one confirms it or the time is up."""

from __future__ import annotations

import contextlib
import functools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from pytest_toolaudit import explore
from pytest_toolaudit.confirming.answered import SAID, answered
from pytest_toolaudit.confirming.background import endless
from pytest_toolaudit.confirming.batches import (
    LESSONS,
    Batch,
    Done,
    Injected,
    batches,
    called_first,
    last_resorts,
    made,
    prepare,
)
from pytest_toolaudit.confirming.holding import Named
from pytest_toolaudit.confirming.identities import identity, wanted
from pytest_toolaudit.confirming.linking import differing, linked
from pytest_toolaudit.confirming.load import import_name
from pytest_toolaudit.confirming.loaded import Loaded, forget, loaded_for
from pytest_toolaudit.confirming.otherwise import left_otherwise, may_turn_on
from pytest_toolaudit.confirming.outcomes import (
    Limits,
    Trial,
    better,
    cannot_race,
    exercised,
    failures,
    latent,
    of_settings_only,
    refused_calls,
    runner_of,
)
from pytest_toolaudit.confirming.patience import no_signal_handlers
from pytest_toolaudit.confirming.pristine import held_by, put_back, remember
from pytest_toolaudit.confirming.refusals import failure, first_lesson
from pytest_toolaudit.confirming.settings import Missing, watched
from pytest_toolaudit.confirming.starting import start
from pytest_toolaudit.confirming.supplied import CannotRunError, Supplied
from pytest_toolaudit.confirming.work import Covered, Work, led_by
from pytest_toolaudit.confirming.worlds import Files, fill, keep_files, keep_folders, working_folder, worlds
from pytest_toolaudit.sandbox import Allowed, Sandbox
from pytest_toolaudit.verdict import Verdict
from toolaudit_reports.document import Tool

LOADING = 60.0
ARGUMENTS_HELP = (
    'supply arguments that work: a hook `pytest_toolaudit_arguments` that returns {"<tool>": {…}}, '
    "or the world that they need: a hook `pytest_toolaudit_state` that returns a function"
)
FIRST = 3
"""The variant of the values with which tools are called before a batch."""
THINGS = 3
SETTINGS = 6
"""Times that settings are made up for what an item's tools say that they miss."""
LATENT = 10
"""Schedules of a batch that cannot clash as these calls run here: enough to see them work."""


class _Tried:
    """What the items of one pair of tools have in common: explored once. And what fails whatever is tried, and files of tools that work
    otherwise once the project's entry point has run, for the whole process."""

    pair: tuple[str, ...] = ()
    found: ClassVar[dict[object, tuple[Verdict, str]]] = {}
    failing: ClassVar[set[str]] = set()
    wants_start: ClassVar[set[str]] = set()


def attempt(work: Work, root: Path, supplied: Supplied, limits: Limits, allowed: Allowed) -> Trial:
    """Runs the item sandboxed in an empty folder; nothing outside it is changed, or the sandbox says what was refused."""
    supplied, started = replace(supplied, made={}, lifespans={}), time.monotonic()
    if _Tried.pair != work.pair:
        _Tried.pair = work.pair
        _Tried.found.clear()
    files = [tool.file for tool in work.tools]
    tops = [import_name(root / file)[1].partition(".")[0] for file in files]
    with (
        working_folder() as folder,
        watched(files, tops) as missing,
        Sandbox(allowed, (str(folder),)).entered() as sandbox,
        no_signal_handlers(),
    ):
        first = trial = _attempted(work, root, supplied, limits, folder, sandbox, missing)
        for _ in range(SETTINGS):
            left = limits.seconds - (time.monotonic() - started)
            if trial.verdict != "cannot-run" or left <= 0 or not missing.make(trial.reason):
                break
            forget(work)
            _Tried.found.clear()
            _Tried.failing.difference_update(work.pair)
            trial = _attempted(
                work, root, replace(supplied, made={}, lifespans={}), replace(limits, seconds=left), folder, sandbox, missing
            )
        if trial.verdict == "cannot-run" and trial.reason == first.reason:
            return first
        missing.keep()
        return replace(trial, reason="; ".join(filter(None, (missing.told(), trial.reason))), settings=dict(missing.made))


def _attempted(work: Work, root: Path, supplied: Supplied, limits: Limits, folder: Path, sandbox: Sandbox, missing: Missing) -> Trial:
    put_back()
    try:
        loaded = loaded_for(work, root, supplied, max(limits.seconds, LOADING), sandbox)
    except CannotRunError as error:
        return Trial(work, "cannot-run", reason=error.reason, remedy=error.remedy)
    keep_folders(folder)
    keep_files(folder)
    remember(loaded.functions)
    end = time.monotonic() + limits.seconds  # imports have a limit of their own
    return _tried(_Attempts(work, loaded, replace(supplied, until=end), limits, folder, end, sandbox), missing)


def _tried(attempts: _Attempts, missing: Missing) -> Trial:
    best: Trial | None = None
    for world, batch in attempts:
        if best is not None and time.monotonic() > attempts.end:
            late = f"not all that might suit was tried within {attempts.limits.seconds:g} s"
            best = replace(best, remedy=f"{best.remedy}; {late}" if best.remedy else late) if best.verdict == "cannot-run" else best
            break
        trial = attempts.run(world, batch)
        trial = replace(trial, schedules=trial.schedules + (best.schedules if best else 0))
        if trial.verdict == "confirmed":
            return replace(trial, apart=attempts.apart(world, batch))
        best = better(best, trial)
        attempts.best = best
        if best.verdict == "cannot-run" and missing.lacked(trial.reason):
            return best
        if best.verdict == "not-reproduced" and cannot_race(attempts.work):
            break
    assert best is not None
    if best.verdict == "cannot-run" and best.found is not None:
        _Tried.failing.update(attempts.work.pair)
    return best


class _Attempts:
    """What is tried of one item, one after the other; `best` is what came of it so far."""

    def __init__(self, work: Work, loaded: Loaded, supplied: Supplied, limits: Limits, folder: Path, end: float, sandbox: Sandbox) -> None:
        self.work, self.loaded, self.supplied, self.limits, self.folder, self.end = work, loaded, supplied, limits, folder, end
        self.sandbox = sandbox
        self.best: Trial | None = None
        self.last: Trial | None = None
        self.ready = False
        self.files = {tool.file for tool in work.tools}
        self.learned: Batch | None = None
        self.done: Done = []
        self.suits: tuple[int, Batch] | None = None
        self.offline = False
        self.keys = {name.split(".")[0] for names in work.keys for name in names}
        self.held = held_by(loaded.functions)
        self.named = Named(loaded.functions, str(folder))

    def _states(self, batch: Batch) -> tuple[Files, ...]:
        states = worlds(self.work, self.loaded.functions, batch.kinds, self.loaded.makers)
        return states[:1] if self.supplied.state is not None else states

    def __iter__(self) -> Iterator[tuple[Files, Batch]]:
        options = batches(self.work, self.loaded.functions)
        if _Tried.wants_start.issuperset(self.files):
            self.ready, options = True, tuple(replace(batch, started=True) for batch in options)
        states = self._states(options[0])
        for batch in options:
            yield states[0], batch
            yield from self._taught(batch)
            if self.offline:
                options = tuple(replace(one, answered=True) for one in options)
                yield states[0], self._suiting(replace(batch, answered=True))
                yield from self._taught(self._suiting(replace(batch, answered=True)))
        if self._unready():
            for batch in (self.learned or options[0], *options[1:]):
                yield states[0], replace(batch, prepared=True)
                yield from self._taught(replace(batch, prepared=True))
        if self._unready():
            yield states[0], replace(self._suiting(options[0]), exemplary=True)
            yield from self._taught(replace(self._suiting(options[0]), exemplary=True))
        if self.best is not None and self.best.verdict == "cannot-run" and _Tried.failing.issuperset(self.work.pair):
            return
        if not self.ready and (self.best is None or self.best.verdict == "cannot-run"):
            yield from self._started(options[0])
        for batch in options:
            yield states[0], self._suiting(replace(batch, meets="first"))
            yield states[0], self._suiting(replace(batch, meets="same"))
        for world in states[1:]:
            for batch in options:
                yield world, self._suiting(batch)
        suiting = self._suiting(options[0])
        for over in (*linked(self.work), *differing(self.work, self.loaded.functions[0], self.supplied)):
            yield states[0], replace(suiting, over=({**suiting.over[0], **over[0]}, {**suiting.over[1], **over[1]}))
        for batch in last_resorts(suiting, str(self.folder)):
            if self.best is None or self.best.verdict == "cannot-run":
                yield states[0], batch
                yield from self._taught(batch)

    def _unready(self) -> bool:
        """Whether calls failed, or clashed on what is made once: another world may suit them."""
        return self.best is not None and bool(self.best.elsewhere or (self.best.found is not None and failures(self.best.found)))

    def _started(self, batch: Batch) -> Iterator[tuple[Files, Batch]]:
        batch, self.ready = replace(batch, started=True), True
        for world in self._states(batch)[:2]:
            before = self.best.reason if self.best is not None else ""
            yield world, batch
            if self.last is not None and self.last.reason != before:
                _Tried.wants_start.update(self.files)
            yield from self._taught(batch)
        ready = replace(self.learned or batch, prepared=True)
        yield self._states(ready)[0], ready
        yield from self._taught(ready)

    def _taught(self, batch: Batch) -> Iterator[tuple[Files, Batch]]:
        """The batch again with what the refusals of its calls ask for, until they ask for nothing more."""
        for _ in range(LESSONS):
            taught = self._lessons(batch)
            self.learned = taught or batch
            if taught is None:
                return
            batch = taught
            yield self._states(batch)[0], batch

    def _lessons(self, batch: Batch) -> Batch | None:
        """The batch changed by what the last trial was refused; None when that teaches nothing."""
        trial, over, kinds = self.last, [dict(one) for one in batch.over], dict(batch.kinds)
        without, base, missing, first = batch.without, batch.how.base, batch.missing, batch.first
        if trial is None or trial.found is None or len(trial.found.outcome.results) != len(self.work.tools):
            return None
        for place, (tool, result) in enumerate(zip(self.work.tools, trial.found.outcome.results, strict=True)):
            said = failure(result)
            inner = trial.arguments[place].get(tool.arguments_in) if tool.arguments_in else None
            given = inner if isinstance(inner, Mapping) else trial.arguments[place]
            taught = first_lesson(said, tool, (given, {**trial.arguments[place], **given}), replace(batch.how, variant=place))
            if said is not None and taught is None:
                without |= {p.name for p in tool.parameters if not p.required and isinstance(given.get(p.name), str)} - self.keys
            if taught is not None:
                over[place].update({k: v for k, v in taught.arguments.items() if k not in over[place] or k in taught.replaced})
                missing, first = missing | (taught.missing - taught.without), first | taught.first
                kinds.update({tool.id: taught.kind} if taught.kind else {})
                without, base = without | taught.without, f"{self.folder}/" if taught.absolute else base
        how = replace(batch.how, base=base)
        changed = replace(batch, over=(over[0], over[1]), kinds=kinds, without=without, missing=missing, first=first, how=how)
        return changed if changed != batch else None

    def run(self, world: Files, batch: Batch) -> Trial:
        """One batch in one world."""
        self.last = trial = self._run(world, batch)
        refused = refused_calls(trial)
        if self.suits is None or refused <= self.suits[0]:
            self.suits = refused, batch
        return trial

    def _suiting(self, batch: Batch) -> Batch:
        """The batch with what has suited the calls best so far."""
        if self.suits is None:
            return batch
        known = self.suits[1]
        over = ({**known.over[0], **batch.over[0]}, {**known.over[1], **batch.over[1]})
        return replace(known, meets=batch.meets, choice=batch.choice, over=over, answered=batch.answered or known.answered)

    def _run(self, world: Files, batch: Batch) -> Trial:
        work = self.work
        self._fresh(world)
        if batch.started:
            start(self.loaded.functions, self.supplied)
        keep_folders(self.folder, hidden=not batch.started)
        injected: Injected = {}
        self.done = []
        known = prepare((*self._asked_for(batch), *self.loaded.makers), self.supplied, injected, self.done)
        if batch.prepared:
            known = {**self._prepared(batch, injected), **known}
        keep_folders(self.folder, hidden=True)
        try:
            calls, arguments = made(work, self.loaded.functions, batch, self.supplied, known, injected)
        except CannotRunError as error:
            return Trial(work, "cannot-run", reason=error.reason, remedy=error.remedy)
        key = tuple(sorted(world)), sorted(world.values()), str(arguments), batch.started, batch.prepared, batch.answered
        with answered() if batch.answered else contextlib.nullcontext():
            verdict, refused = self._explored(calls, key)
        self.offline |= self.sandbox.offline
        if waits := endless(verdict):
            return Trial(work, "cannot-run", verdict, waits, ARGUMENTS_HELP, arguments, verdict.schedules)
        if verdict.kind in work.wants and exercised(verdict):
            proved = self._proved(verdict, arguments, world)
            return replace(proved, reason=SAID) if batch.answered and proved.verdict == "confirmed" else proved
        if refused:
            return Trial(work, "cannot-run", verdict, refused, "", arguments, verdict.schedules)
        failed = failures(verdict)
        if failed and len(failed) == len(calls):
            return Trial(work, "cannot-run", verdict, f"every call fails: {failed[0]}", ARGUMENTS_HELP, arguments, verdict.schedules)
        reason = latent(work) or (f"one of the calls fails: {failed[0]}" if failed else SAID if batch.answered else "")
        return Trial(work, "not-reproduced", verdict, reason, arguments=arguments, schedules=verdict.schedules)

    def _asked_for(self, batch: Batch) -> list[tuple[str, Callable[..., Any], Tool]]:
        """What refusals asked to be called before: makers of what was missing, and tools by their name."""
        named = [tool for tool in self.work.catalogue if tool.name in batch.first]
        firsts = [("", found, tool) for tool in named if (found := self.loaded.more(tool)) is not None]
        return [*firsts, *(giver for giver in self.loaded.givers if giver[0] in batch.missing)]

    def _fresh(self, world: Files) -> None:
        put_back()
        self.held.restore()
        self.supplied.lifespans.clear()
        fill(self.folder, world)

    def _prepared(self, batch: Batch, injected: Injected) -> dict[str, Any]:
        """The tools were called before, and there are things of every variant in the places that they use. Parameter → id of one."""
        tools = self.work.tools
        first = [(FIRST, function, tool) for function, tool in zip(self.loaded.functions, tools, strict=True)]
        things = [(variant, function, tool) for variant in range(THINGS) for function, tool in self.loaded.fillers]
        answers = [
            called_first(function, tool, self.supplied, replace(batch, how=replace(batch.how, variant=variant)), injected, done=self.done)
            for variant, function, tool in first + things
            if time.monotonic() < self.end
        ]
        names = dict.fromkeys(name for tool in tools for name in wanted(tool))
        told = {name: identity(answer[0], name) for name in names for answer in answers if answer is not None}
        return {name: found for name, found in told.items() if found is not None}

    def _proved(self, verdict: Verdict, arguments: tuple[Any, ...], world: Files) -> Trial:
        """Confirmed where the witness touches what the item, or a clash that it covers, names."""
        touched = left_otherwise(verdict)
        proved = tuple(clash.fingerprint for clash in self.work.clashes if self._met(clash, touched, verdict))
        for number, clash in enumerate(self.work.clashes):
            if clash.fingerprint in proved:
                files = [path for path in self.folder.rglob("*") if path.is_file()]
                start = {path.relative_to(self.folder).as_posix(): path.read_bytes() for path in files}
                work = led_by(self.work, number)
                before = tuple(self.done) if start == dict(world) else ()  # else what they did is in the files
                return Trial(
                    work, "confirmed", verdict, arguments=arguments, schedules=verdict.schedules, start=start, before=before, proved=proved
                )
        reason = f"another clash was found, on {', '.join(touched[:4]) or 'times or an order alone'}"
        return Trial(self.work, "not-reproduced", verdict, reason, "", arguments, verdict.schedules, elsewhere=touched or ("",))

    def _met(self, clash: Covered, touched: Sequence[str], verdict: Verdict) -> bool:
        """Whether what a witness is about may be what a clash names."""
        return self.named.met(clash, touched) and (clash.kind == "other" or not of_settings_only(verdict))

    def apart(self, world: Files, batch: Batch) -> Verdict | None:
        """The contrast: the same calls with keys that differ."""
        if not self.work.keys[1]:
            return None
        self._fresh(world)
        injected: Injected = {}
        known = prepare(self.loaded.makers, self.supplied, injected)
        try:
            calls, _ = made(self.work, self.loaded.functions, replace(batch, meets="apart"), self.supplied, known, injected)
        except CannotRunError:
            return None
        return self._explored(calls, None)[0]

    def _state(self) -> Callable[[], Any] | None:
        """The supplied world, and what usually runs first in it: a world that is made anew forgets what was prepared."""
        supplied, makers = self.supplied, self.loaded.makers
        if supplied.state is None or not makers:
            return supplied.state

        def fresh() -> Any:
            world = supplied.state() if supplied.state is not None else None
            prepare(makers, supplied, {})
            return world

        return fresh

    def _explored(self, calls: list[Any], key: object) -> tuple[Verdict, str]:
        """What came of the calls, and what the sandbox refused them first."""
        name = str((key, runner_of(self.work, self.limits), self.work.clashes))
        if key is not None and name in _Tried.found:
            return _Tried.found[name]
        self.sandbox.refused.clear()  # what an import or a start tried and did without
        verdict = explore(
            calls,
            state=self._state(),
            runner=runner_of(self.work, self.limits),
            preemptions=self.limits.preemptions,
            budget=min(self.limits.budget, LATENT) if cannot_race(self.work) else self.limits.budget,
            seed=self.limits.seed,
            seconds=min(5.0, max(1.0, (self.end - time.monotonic()) / 3)),
            limit=max(1.0, self.end - time.monotonic()),
            roots=(str(self.folder),),
            trees=(str(self.folder),) if self.sandbox.allowed.programs else (),
            progress=self.limits.progress,
            counts=functools.partial(may_turn_on, meets=functools.partial(self.named.any_met, self.work.clashes)),
        )
        found = verdict, next(iter(self.sandbox.refused), "")
        if key is not None:
            _Tried.found[name] = found
        return found
