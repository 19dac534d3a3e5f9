"""The account tools, declared to LangChain."""

from langchain_core.tools import tool

from . import accounts


@tool
def open_account(owner: str) -> str:
    """Open an account with nothing in it, unless the owner has one."""
    return accounts.open_account(owner)


@tool
def deposit(owner: str, amount: int) -> str:
    """Put money into an account; the first deposit opens it."""
    return accounts.deposit(owner, amount)


@tool
def transfer(payer: str, payee: str, amount: int) -> str:
    """Move money from one account to another, if the payer has enough."""
    return accounts.transfer(payer, payee, amount)


@tool
def total() -> int:
    """What all accounts hold together."""
    return accounts.total()
