"""The fixture clears each corrected twin: every schedule of the batch equals some serial order."""

import pytest
from pytest_toolaudit import call

from fixed.accounts import deposit, open_account, total, transfer
from fixed.customers import find_customer, write_offer
from fixed.lookup import look_up
from fixed.notes import add_note, list_notes
from fixed.sessions import list_orders, place_order, sign_in
from fixed.world import fresh_world

BATCHES = {
    "two notes": [call(add_note, "a"), call(add_note, "b")],
    "a list beside a note": [call(add_note, "a"), call(list_notes)],
    "an account opened twice": [call(open_account, "Eve"), call(open_account, "Eve")],
    "two deposits": [call(deposit, "Ada", 10), call(deposit, "Ada", 5)],
    "two transfers": [call(transfer, "Ada", "Ben", 80), call(transfer, "Ada", "Ben", 70)],
    "a total beside a transfer": [call(transfer, "Ada", "Ben", 80), call(total)],
    "two orders": [call(place_order, "Ada", "tea"), call(place_order, "Ada", "jam")],
    "two lookups": [call(look_up, "tea"), call(look_up, "jam")],
    "a deposit beside its account": [call(open_account, "Eve"), call(deposit, "Eve", 10)],
    "a customer found beside an offer": [call(find_customer, "Ada"), call(write_offer, "Ada", "10 % off")],
    "orders listed beside a sign-in": [call(sign_in, "Ada"), call(list_orders, "Ada")],
}


@pytest.mark.parametrize("batch", BATCHES.values(), ids=BATCHES)
def test_batch(toolaudit, tmp_path, service, batch):
    toolaudit.check(batch, state=lambda: fresh_world(tmp_path), order="any")
