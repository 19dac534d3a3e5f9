"""Functions of the standard library that modules hold under names of their own, or in closures, are seen in replay all the same."""

from __future__ import annotations

import asyncio
import functools
import importlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from os import rename
from pathlib import Path
from time import sleep as pause
from types import ModuleType
from typing import Any

import pytest

from pytest_toolaudit import call, explore

pytestmark = pytest.mark.timeout(60)
INSTALLED = """
import functools
import os
from os import replace as move

sync_open = open


def offloaded(function):
    @functools.wraps(function)
    def run(*args):
        return function(*args)
    return run


rename = offloaded(os.rename)


def read(name):
    with sync_open(name) as file:
        return file.read()


def write(name, text):
    with sync_open(name, "w") as file:
        file.write(text)
"""
KEPT_OPEN = open
KEPT: list[Any] = []


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """A package beside the project's own modules, which is not instrumented."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    (folder / "installed_for_a_test.py").write_text(INSTALLED)
    monkeypatch.syspath_prepend(folder)
    monkeypatch.chdir(tmp_path)
    Path("n").write_text("0")
    yield importlib.import_module("installed_for_a_test")
    del sys.modules["installed_for_a_test"]


def counts_through_it() -> None:
    library: Any = sys.modules["installed_for_a_test"]
    library.write("n", str(int(library.read("n")) + 1))


def moves_if_there(how: str) -> bool:
    if not Path("n").exists():
        return False
    getattr(sys.modules["installed_for_a_test"], how)("n", "m")
    return True


def counts_by_another_name() -> None:
    with KEPT_OPEN("n") as file:
        number = int(file.read())
    with KEPT_OPEN("n", "w") as file:
        file.write(str(number + 1))


@pytest.mark.parametrize(
    "one", [call(counts_through_it), call(moves_if_there, "move"), call(moves_if_there, "rename"), call(counts_by_another_name)]
)
def test_files_are_seen_whatever_the_function_is_called(installed: ModuleType, one: Any) -> None:
    plain = installed.sync_open, installed.move, installed.rename.__closure__[0].cell_contents
    verdict = explore([one, one])
    assert verdict.kind == "racy", verdict.render()
    assert "file:n" in verdict.resources
    assert (installed.sync_open, installed.move, installed.rename.__closure__[0].cell_contents) == plain


def looks_up_functions() -> tuple[Any, Any]:
    return getattr(os, "getcwd")(), getattr(time, "time")()  # noqa: B009 - as a tool might


def replaces_a_function() -> None:
    time.perf_counter = len  # type: ignore[assignment]


@pytest.mark.parametrize("tool", [looks_up_functions, replaces_a_function])
def test_no_patch_is_put_back(tool: Callable[..., Any]) -> None:
    """What a call reads or replaces by name is a patch, and goes with it."""
    before = os.getcwd, time.time, time.perf_counter
    explore([call(tool), call(tool)])
    assert (os.getcwd, time.time, time.perf_counter) == before


def sleeps() -> None:
    pause(100)


def test_a_sleep_by_another_name_takes_no_time() -> None:
    began = time.monotonic()
    explore([call(sleeps), call(sleeps)])
    assert time.monotonic() - began < 50


class Store:
    """Is given what it uses."""

    rename = staticmethod(os.rename)
    wait = pause

    def __init__(self, opener: Any = open, now: Any = time.time) -> None:
        self.open, self.now = opener, now

    def count(self) -> None:
        with self.open("n") as file:
            number = int(file.read())
        with self.open("n", "w") as file:
            file.write(str(number + 1))


STORE = Store()
USED: dict[str, Any] = {"open": open, "nap": functools.partial(pause, 100)}


def _counts_with(opener: Any) -> None:
    Store(opener).count()


def counts_by_field() -> None:
    STORE.count()


def counts_by_default(opener: Any = open) -> None:
    _counts_with(opener)


def counts_by_name_only(*, opener: Any = open) -> None:
    _counts_with(opener)


def counts_by_table() -> None:
    _counts_with(USED["open"])


def moves_by_class() -> bool:
    if not Path("n").exists():
        return False
    STORE.rename("n", "m")
    return True


def offloaded(function: Any) -> Any:
    @functools.wraps(function)
    def run(*args: Any) -> Any:
        return function(*args)

    return run


move = offloaded(os.rename)


def moves_by_closure() -> bool:
    if not Path("n").exists():
        return False
    move("n", "m")
    return True


@pytest.mark.parametrize(
    "tool", [counts_by_field, counts_by_default, counts_by_name_only, counts_by_table, moves_by_class, moves_by_closure]
)
def test_files_are_seen_whoever_keeps_the_function(tool: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("n").write_text("0")
    before = _all_kept()
    verdict = explore([call(tool), call(tool)])
    assert verdict.kind == "racy", verdict.render()
    assert "file:n" in verdict.resources
    assert _all_kept() == before


def _all_kept() -> list[Any]:
    functions = counts_by_default.__defaults__, counts_by_name_only.__kwdefaults__, Store.__init__.__defaults__
    classes = vars(Store)["rename"], vars(Store)["wait"]
    return [*functions, classes, dict(vars(STORE)), dict(USED), USED["nap"].func, move.__closure__[0].cell_contents]


def tells_the_time(now: Any = time.time) -> Any:
    USED["nap"]()
    STORE.wait(100)
    return now(), STORE.now()


def test_clocks_and_sleeps_that_are_kept_are_those_of_the_call() -> None:
    began = time.monotonic()
    verdict = explore([call(tells_the_time), call(tells_the_time)])
    assert (verdict.kind, verdict.masked) == ("independent", ()), verdict.render()
    assert time.monotonic() - began < 50


def keeps_a_task(how: str) -> None:
    async def answers() -> int:
        if how == "raises":
            raise ValueError("always")
        return 1

    async def kept() -> None:
        mine = asyncio.ensure_future(answers())
        KEPT[:] = [mine]
        await asyncio.wait([mine])

    asyncio.run(kept())


def keeps_its_own(name: str) -> None:
    async def kept() -> None:
        mine = asyncio.ensure_future(asyncio.sleep(0, name))
        KEPT[:] = [mine]
        await asyncio.wait([mine])

    asyncio.run(kept())


@pytest.mark.parametrize("how", ["returns", "raises"])
def test_a_task_that_is_kept_is_what_it_came_to(how: str) -> None:
    """Its number is another one in each schedule."""
    verdict = explore([call(keeps_a_task, how), call(keeps_a_task, how)])
    assert verdict.kind == "serializable", verdict.render()
    assert not verdict.masked


def test_tasks_that_came_to_different_things_differ() -> None:
    tool: Callable[..., None] = keeps_its_own
    assert explore([call(tool, "a"), call(tool, "b")]).kind in ("order-dependent", "racy")


def takes_the_file(name: str) -> bool:
    if not Path("n").exists():
        return False
    rename("n", name)  # noqa: PTH104 - by this name
    pause(50)
    return True


def test_functions_that_the_tools_import_by_name_are_seen_without_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("n").write_text("0")
    began = time.monotonic()
    verdict = explore([call(takes_the_file, "a"), call(takes_the_file, "b")])
    assert verdict.kind == "racy", verdict.render()
    assert time.monotonic() - began < 25
    assert {"FileNotFoundError"} == {value[0] for how, value in verdict.outcome.results if how == "raised"}
