"""What is only guessed of a call, from a method's name: where it counts, and where it says less than what was understood."""

from __future__ import annotations

from toolaudit.model import Access, Footprint

CONFIGURATION = frozenset({"env", "cwd"})
WEAK = frozenset({"name-only", "unknown"})
ELSEWHERE = frozenset({"send", "create", "delete", "update", "rename"})
"""Operations that an object built up in memory seldom has."""


def is_guess(access: Access) -> bool:
    """What an unknown object may do, told from a method's name alone: beside effects that were understood it only lowers the confidence."""
    return access.confidence in WEAK and access.resource.kind == "other"


def beside_guesses(footprint: Footprint) -> frozenset[bool]:
    """Whether effects that were understood stand beside what is only guessed: that they are there, and that they change something."""
    return frozenset(access.mode != "r" for access in footprint.accesses if _understood(access))


def says_less(guess: Access, beside: frozenset[bool]) -> bool:
    """A guess counts for nothing beside what was understood; that something is sent or made counts where nothing else is known to change."""
    return bool(beside) and (guess.mode == "r" or True in beside or guess.operation not in ELSEWHERE)


def _understood(access: Access) -> bool:
    """An effect that says what the tool is for; which object was taken from a store in memory does not."""
    looked = access.resource.kind == "memory" and access.mode == "r"
    looked = looked or (access.operation == "read" and of_environment(access))
    return access.confidence not in WEAK and not access.secondary and access.resource.kind not in CONFIGURATION and not looked


def of_environment(access: Access) -> bool:
    """A file from which variables of the environment are loaded."""
    last = access.resource.key[-1] if access.resource.kind == "file" and access.resource.key else None
    return last is not None and last.kind == "literal" and last.text.rpartition("/")[2].startswith(".env")
