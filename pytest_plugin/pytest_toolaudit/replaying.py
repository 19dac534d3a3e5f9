"""``toolaudit.replay("transcript.json")``: the turns of a recording, each checked as a batch against the project's tools."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_toolaudit.calls import Call
from pytest_toolaudit.confirming.supplied import supplied_by
from pytest_toolaudit.oracle.world import WorkingFolder
from pytest_toolaudit.recorded import Maker, bound, found, given, run_serially
from pytest_toolaudit.verdict import Verdict
from toolaudit.batches import BadEntry, Recording, read
from toolaudit.errors import ToolauditError

if TYPE_CHECKING:
    from pytest_toolaudit.fixture import Toolaudit

_DISCOVERED = pytest.StashKey[dict[str, Maker]]()


def replay(
    fixture: Toolaudit,
    file: str | Path,
    tools: Iterable[Any] | Mapping[str, Any] | None,
    turn: int | None,
    state: Callable[[], Any] | None,
    options: dict[str, Any],
) -> list[Verdict]:
    """Checks each turn of two calls or more, after the turns before it ran one call after the other. Fails in one line for bad input."""
    __tracebackhide__ = True
    config, here = fixture.config, fixture.folder
    try:
        recording = read(_place(Path(file), here, config))
        if recording.problems:
            rest = len(recording.problems) - 1
            raise BadEntry(recording.problems[0] + (f" (and {rest} more)" if rest else ""))
        wanted = _wanted(recording, turn, str(file))
        makers = given(tools) if tools is not None else _discovered(config)
        batches = [bound(one, makers) for one in recording.turns[: max(wanted) + 1]]
    except (BadEntry, ToolauditError) as error:
        pytest.fail(f"toolaudit cannot replay: {error}", pytrace=False)
    verdicts = []
    with WorkingFolder() if state is None and fixture.in_session_folder() else nullcontext():
        for number, batch in enumerate(batches):
            if number in wanted:
                title = f"turn {number + 1} of {len(recording.turns)} ({recording.turns[number].place})"
                verdicts.append(fixture.check(batch, state=_after(state, batches[:number]), title=title, **options))
            if state is None and number < max(wanted):
                run_serially(batch)
    return verdicts


def _place(file: Path, here: Path, config: pytest.Config) -> Path:
    """Beside the test, below the root, or where pytest was started; the first that exists."""
    options = [folder / file for folder in (here, config.rootpath, config.invocation_params.dir)]
    return next((option for option in options if option.exists()), file)


def _wanted(recording: Recording, turn: int | None, name: str) -> list[int]:
    count = len(recording.turns)
    if turn is not None:
        if not 1 <= turn <= count:
            raise BadEntry(f"{name} has {count} {'turn' if count == 1 else 'turns'} of tool calls, so turn={turn} is none of them")
        return [turn - 1]
    several = [number for number, one in enumerate(recording.turns) if len(one.calls) > 1]
    if not several:
        raise BadEntry(f"no turn of {name} has two calls: nothing would run in parallel")
    return several


def _after(state: Callable[[], Any] | None, before: Sequence[Sequence[Call]]) -> Callable[[], Any] | None:
    if state is None or not before:
        return state

    def made() -> Any:
        world = state()
        for batch in before:
            run_serially(batch)
        return world

    return made


def _discovered(config: pytest.Config) -> dict[str, Maker]:
    """The tools that a scan finds, once a session."""
    if _DISCOVERED not in config.stash:
        from toolaudit import scan

        paths = [config.rootpath / path for path in config.getini("toolaudit_tools")] or [config.rootpath]
        document = scan([_relative(path) for path in paths])
        if not document.tools:
            raise BadEntry(f"no tools found below {', '.join(str(path) for path in paths)}: pass tools=[…], or set toolaudit_tools")
        config.stash[_DISCOVERED] = found(document.tools, Path.cwd(), supplied_by(config))
    return config.stash[_DISCOVERED]


def _relative(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
