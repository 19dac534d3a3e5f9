"""Functions of the standard library that modules hold under names of their own, or in closures, are seen in replay all the same."""

from __future__ import annotations

import asyncio
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
