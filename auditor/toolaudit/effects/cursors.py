"""What a cursor hands out of the statement that ran before: who fetches has read what the statement did."""

from __future__ import annotations

from toolaudit.effects.frame import Frame
from toolaudit.effects.values import CLEAN, Data, Handle, Instance, Taint, Value, alternatives
from toolaudit.model import Resource

# PEP 249: what a cursor hands out of a statement that has run, and how a connection ends the transaction of those that ran.
FETCHES = frozenset({"fetchone", "fetchmany", "fetchall"})
_OF_CURSORS = FETCHES | {"nextset", "scroll"}
_OF_CONNECTIONS = frozenset({"commit", "rollback"})
_CURSORS = frozenset({"cursor", "cur"})
_CONNECTIONS = frozenset({"conn", "connection", "db", "database", "tx", "transaction"})


def is_upkeep_of_statements(words: set[str], name: str) -> bool:
    """Whether a method of an object that is called so only handles what statements did that have run."""
    return (name in _OF_CURSORS and bool(words & _CURSORS)) or (name in _OF_CONNECTIONS and bool(words & _CONNECTIONS))


def asked(value: Value, name: str) -> bool:
    """Whether a method runs a statement whose rows the object hands out afterwards: a cursor made in the call, or what a project wraps
    around one."""
    local = all(way.loc is None and isinstance(way.form, Data | Handle | Instance) for way in alternatives(value))
    return local and name.startswith("execute")


def handing_out(frame: Frame, receiver: Value, name: str) -> Value:
    """A cursor that outlives the call derives, when rows are fetched from it, from the statement that ran last."""
    if name not in FETCHES or receiver.loc is None or not isinstance(receiver.form, Handle | Data):
        return receiver
    return receiver.tainted(_last_statement(frame))


def _last_statement(frame: Frame) -> Taint:
    """The reads of the statement that ran last: one of each table of a join."""
    found: Taint = CLEAN
    chain = None
    for index in range(len(frame.effects) - 1, -1, -1):
        effect = frame.effects[index]
        statement = isinstance(effect.target, Resource) and effect.target.kind == "sql" and "r" in effect.mode
        if statement and chain in (None, effect.chain):
            chain = effect.chain
            found |= frozenset((index,))
        elif chain is not None:
            break
    return found
