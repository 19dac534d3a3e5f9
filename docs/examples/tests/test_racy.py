"""The fixture proves each planted failure of `racy`."""

import pytest
from pytest_toolaudit import call

from racy.accounts import deposit, open_account, total, transfer
from racy.customers import find_customer, write_offer
from racy.lookup import look_up
from racy.notes import add_note, list_notes
from racy.sessions import list_orders, place_order, sign_in
from racy.world import fresh_world

SHARED_STATE = {
    "two notes": [call(add_note, "a"), call(add_note, "b")],
    "a list beside a note": [call(add_note, "a"), call(list_notes)],
    "an account opened twice": [call(open_account, "Eve"), call(open_account, "Eve")],
    "two deposits": [call(deposit, "Ada", 10), call(deposit, "Ada", 5)],
    "two transfers": [call(transfer, "Ada", "Ben", 80), call(transfer, "Ada", "Ben", 70)],
    "a total beside a transfer": [call(transfer, "Ada", "Ben", 80), call(total)],
    "two orders": [call(place_order, "Ada", "tea"), call(place_order, "Ada", "jam")],
    "two lookups": [call(look_up, "tea"), call(look_up, "jam")],
}
ORDER = {
    "an offer beside its customer": ("context dependency", [call(find_customer, "Ada"), call(write_offer, "10 % off")]),
    "orders listed beside a sign-in": ("timing dependency", [call(sign_in, "Ada"), call(list_orders)]),
    "a deposit beside its account": ("timing dependency", [call(open_account, "Eve"), call(deposit, "Eve", 10)]),
}


@pytest.mark.xfail(strict=True, raises=AssertionError, reason="planted: one of the two notes is lost")
def test_two_notes(toolaudit, tmp_path):
    toolaudit.check([call(add_note, "a"), call(add_note, "b")], state=lambda: fresh_world(tmp_path))


@pytest.mark.parametrize("batch", SHARED_STATE.values(), ids=SHARED_STATE)
def test_shared_state_mutation(toolaudit, tmp_path, service, batch):
    verdict = toolaudit.explore(batch, state=lambda: fresh_world(tmp_path))
    assert verdict.kind == "racy"
    assert verdict.failure == "shared-state mutation"
    assert [verdict.witness.replay() for _ in range(20)] == [verdict.outcome] * 20


@pytest.mark.parametrize(("failure", "batch"), ORDER.values(), ids=ORDER)
def test_dependency(toolaudit, tmp_path, failure, batch):
    verdict = toolaudit.explore(batch, state=lambda: fresh_world(tmp_path))
    assert verdict.kind == "order-dependent"
    assert verdict.failure == failure
