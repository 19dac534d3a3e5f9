"""Tools of a home-made framework over an in-house client: `desk.toml` and `ledger.toml` describe both."""

import ledger
from desk import action

BOOK = ledger.Client("https://ledger.example")


@action(read_only=True)
def balance(owner: str) -> int:
    """What the owner has."""
    return BOOK.balance(owner)


@action
def pay_in(owner: str, amount: int) -> str:
    """Two operations: a parallel payment between them is lost."""
    before = BOOK.balance(owner)
    BOOK.set_balance(owner, before + amount)
    return "paid in"


@action
def pay_in_at_once(owner: str, amount: int) -> str:
    """One operation of the service."""
    BOOK.add(owner, amount)
    return "paid in"
