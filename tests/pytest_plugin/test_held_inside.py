"""What is shown, copied, compared or returned is looked at with all that it holds, by code that has no points of its own."""

from __future__ import annotations

import copy
import dataclasses
import json
import pprint
import threading
from collections.abc import Callable
from copy import deepcopy
from dataclasses import asdict, dataclass, field
from json import dumps
from typing import Any

import pytest

from pytest_toolaudit import call, explore

LOCK = threading.Lock()
SHOP = {"prices": {"tea": 1, "milk": 1}, "rows": [{"n": 1}, {"n": 1}]}
ITEMS = [0]


@dataclass
class Part:
    price: int = 1
    tags: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        return dict(vars(self), tags=list(self.tags))


@dataclass
class Order:
    part: Part = field(default_factory=Part)
    paid: bool = False


ORDER = Order()


def raises_prices() -> None:
    SHOP["prices"]["tea"] = 2  # type: ignore[call-overload]
    SHOP["prices"]["milk"] = 2  # type: ignore[call-overload]


def changes_rows() -> None:
    for row in SHOP["rows"]:
        row["n"] = 2  # type: ignore[index, call-overload]


def changes_part() -> None:
    ORDER.part.price = 2
    ORDER.part.tags.append("new")


READERS: dict[str, tuple[Callable[[], Any], Callable[[], None]]] = {
    "dumps": (lambda: json.dumps(SHOP), raises_prices),
    "dumps by name": (lambda: dumps(SHOP), raises_prices),
    "rows": (lambda: dumps(SHOP["rows"]), changes_rows),
    "deepcopy": (lambda: copy.deepcopy(SHOP), raises_prices),
    "deepcopy by name": (lambda: deepcopy(SHOP), raises_prices),
    "str": (lambda: str(SHOP), raises_prices),
    "text": (lambda: f"{SHOP}", raises_prices),
    "template": (lambda: "%s" % SHOP, raises_prices),  # noqa: UP031 - as tools do
    "pformat": (lambda: pprint.pformat(SHOP), raises_prices),
    "returned": (lambda: SHOP["prices"], raises_prices),
    "equal": (lambda: SHOP == {"prices": {"tea": 2, "milk": 1}, "rows": [{"n": 1}, {"n": 1}]}, raises_prices),
    "asdict": (lambda: dataclasses.asdict(ORDER), changes_part),
    "asdict by name": (lambda: asdict(ORDER), changes_part),
    "repr": (lambda: repr(ORDER), changes_part),
    "replace": (lambda: asdict(dataclasses.replace(ORDER)), changes_part),
    "returned record": (lambda: ORDER.part, changes_part),
    "method": (lambda: ORDER.part.to_dict(), changes_part),
}


@pytest.mark.parametrize("how", READERS)
def test_half_of_a_change_is_seen(how: str) -> None:
    reads, changes = READERS[how]

    def tool() -> Any:
        return reads()

    def alone() -> Any:
        with LOCK:
            return copy.deepcopy(reads())

    def changes_alone() -> None:
        with LOCK:
            changes()

    verdict = explore([call(tool), call(changes)])
    assert verdict.kind == "racy", verdict.render()
    verdict = explore([call(alone), call(changes_alone)])
    assert verdict.kind == ("order-dependent" if how != "equal" else "serializable"), verdict.render()
    assert (SHOP["prices"], ORDER) == ({"tea": 1, "milk": 1}, Order())


class Shelf:
    kept: dict[str, list[int]] = {"items": []}  # noqa: RUF012


def puts_a_copy(item: int) -> None:
    with LOCK:
        made = copy.deepcopy(Shelf.kept)
        made["items"].append(item)
        Shelf.kept = made


def test_what_another_call_made_and_is_gone_is_not_unobserved() -> None:
    verdict = explore([call(puts_a_copy, 1), call(puts_a_copy, 2)])
    assert (verdict.kind, verdict.unobserved) == ("order-dependent", ()), verdict.render()


class Model:
    """As the models of libraries are: their fields are declared, and their methods are not the project's."""

    __pydantic_fields__ = {"n": int, "m": int}  # noqa: RUF012
    model_dump: Any

    def __init__(self) -> None:
        self.n = self.m = 1


exec("def model_dump(self):\n    return {'n': self.n, 'm': self.m}\n\nModel.model_dump = model_dump")
MODEL = Model()


def changes_model() -> None:
    MODEL.n = 2
    MODEL.m = 2


def dumps_model() -> Any:
    return MODEL.model_dump()


def test_half_of_a_change_is_seen_in_a_model() -> None:
    assert explore([call(dumps_model), call(changes_model)]).kind == "racy"


def last() -> None:
    ITEMS[-1] = ITEMS[-1] + 1


def first() -> None:
    ITEMS[0] = ITEMS[0] + 1


def test_a_place_counted_from_the_end_is_the_same_place() -> None:
    verdict = explore([call(last), call(first)])
    assert verdict.kind == "racy", verdict.render()
    assert ITEMS == [0]
