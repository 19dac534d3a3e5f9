"""Other ways to the same state: an object's dictionary, special methods, attributes of functions, in-place operators, open and mapped files."""

from __future__ import annotations

import collections
import dataclasses
import mmap
import operator
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pytest_toolaudit import call, explore

LOCK = threading.Lock()


class Box:
    """One number."""

    def __init__(self) -> None:
        self.n = 0


@dataclasses.dataclass(frozen=True)
class Sealed:
    """Frozen, and changed all the same."""

    n: int = 0

    def grow(self) -> None:
        """As generated and hand-written constructors do."""
        object.__setattr__(self, "n", self.n + 1)


class Strict:
    """Assigns through its base class."""

    def __init__(self) -> None:
        self.n = 0

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)


class Settings(collections.UserDict[str, int]):
    """A mapping of the project's own that adds nothing."""


BOX, SEALED, STRICT, SETTINGS, ITEMS, STATE, HELD = Box(), Sealed(), Strict(), Settings(n=0), [0], {"n": 0}, {}  # type: ignore[var-annotated]


def updated() -> None:
    """``obj.__dict__.update``"""
    BOX.__dict__.update(n=BOX.__dict__["n"] + 1)


def by_vars() -> None:
    """``vars(obj)[name]``"""
    vars(BOX)["n"] = vars(BOX)["n"] + 1


def both_ways() -> None:
    """One way in, the other way out."""
    found = BOX.n
    vars(BOX)["n"] = found + 1


def sealed() -> None:
    """``object.__setattr__(obj, …)``"""
    SEALED.grow()


def strict() -> None:
    """``super().__setattr__(…)``"""
    STRICT.n = STRICT.n + 1


def counted() -> int:
    """An attribute of a function."""
    counted.calls = getattr(counted, "calls", 0) + 1  # type: ignore[attr-defined]
    return int(counted.calls)  # type: ignore[attr-defined]


def in_mapping() -> None:
    """Items of a subclass of ``UserDict``."""
    SETTINGS["n"] = SETTINGS["n"] + 1


def in_place() -> None:
    """``+=`` extends a list where it stands."""
    global ITEMS
    ITEMS += [len(ITEMS)]


def under_another_name() -> None:
    """The same through a local name."""
    mine = ITEMS
    length = len(mine)
    mine += [length]


def by_operator() -> None:
    """``operator.iadd``"""
    operator.iadd(ITEMS, [len(ITEMS)])


def by_special_method() -> None:
    """``mapping.__setitem__``"""
    STATE.__setitem__("n", STATE.__getitem__("n") + 1)


def mapped() -> None:
    """A file that is mapped into memory."""
    with Path("numbers.bin").open("r+b") as file, mmap.mmap(file.fileno(), 0) as memory:
        found = memory[0]
        memory[0] = found + 1


def opened_before() -> None:
    """A file that was opened before the batch."""
    file = HELD["file"]
    file.seek(0)
    found = file.read()
    file.seek(0)
    file.write(found + "x")
    file.flush()


TOOLS = [
    updated, by_vars, both_ways, sealed, strict, counted, in_mapping, in_place, under_another_name, by_operator, by_special_method, mapped,
    opened_before,
]  # fmt: skip


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Two files; what is in memory the plugin puts back."""
    monkeypatch.chdir(tmp_path)

    def fresh() -> None:
        if "file" in HELD:
            HELD["file"].close()
        Path("numbers.bin").write_bytes(bytes(4))
        Path("text.txt").write_text("")
        HELD["file"] = Path("text.txt").open("r+")  # noqa: SIM115 - the tools hold it
        BOX.n, SETTINGS["n"], STATE["n"], STRICT.n = 0, 0, 0, 0
        object.__setattr__(SEALED, "n", 0)
        ITEMS[:] = [0]
        counted.__dict__.clear()

    return fresh


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.__name__)
def test_seen(tool: Callable[[], Any], state: Callable[[], None]) -> None:
    """The update that is lost is found; under a lock none is."""

    def locked() -> Any:
        with LOCK:
            return tool()

    verdict = explore([call(tool), call(tool)], state=state)
    assert verdict.kind == "racy", verdict.render()
    assert not verdict.unobserved
    verdict = explore([call(locked), call(locked)], state=state)
    assert verdict.kind == ("order-dependent" if tool is counted else "serializable"), verdict.render()
    HELD.pop("file").close()


@pytest.mark.parametrize("tool", TOOLS[:-2], ids=lambda tool: tool.__name__)
def test_put_back(tool: Callable[[], Any]) -> None:
    """Without ``state=`` each schedule starts from what was there."""
    before = (BOX.n, SEALED.n, STRICT.n, dict(SETTINGS), list(ITEMS), dict(STATE), dict(vars(counted)))
    assert explore([call(tool), call(tool)]).kind == "racy"
    assert (BOX.n, SEALED.n, STRICT.n, dict(SETTINGS), list(ITEMS), dict(STATE), dict(vars(counted))) == before
