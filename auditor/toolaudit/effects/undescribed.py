"""What the words of a command say that it does, whose program nobody has described."""

from __future__ import annotations

from typing import NamedTuple

from toolaudit.model import Operation

ASKING = frozenset({
    "list", "ls", "show", "status", "export", "info", "get", "describe", "search", "view", "stats", "whoami", "query", "find", "diff", "health",
    "version", "help", "logs", "inspect", "ps", "history", "count", "read", "tail", "explain", "metadata",
})  # fmt: skip
_ADDS = frozenset({"add", "append", "create", "new", "push", "send", "upload"})
_DROPS = frozenset({"clear", "delete", "drop", "kill", "purge", "remove", "rm", "uninstall"})
_OTHERS = frozenset({
    "apply", "commit", "exec", "import", "init", "install", "log", "open", "reset", "restart", "restore", "run", "save", "sync", "undo", "upgrade",
    "close", "complete", "disable", "done", "edit", "enable", "modify", "move", "put", "rename", "set", "start", "stop", "update", "write",
})  # fmt: skip
_CHANGES = _ADDS | _DROPS | _OTHERS
GUESSED = "command taken for a query by its word"
UNDESCRIBED = "program that is not described"


class Said(NamedTuple):
    """What a command does."""

    mode: str
    op: Operation
    repeat: str
    note: str


def said(texts: tuple[str, ...]) -> Said:
    """By its one word that asks, adds or takes away; anything where there are none, or several, since what is changed may be read first."""
    if asks(texts):
        return Said("r", "read", "unknown", GUESSED)
    changing = [word for word in map(_verb, _words(texts)) if word in _CHANGES]
    if len(changing) == 1 and changing[0] in _ADDS:
        return Said("w", "append", "again", UNDESCRIBED)
    if len(changing) == 1 and changing[0] in _DROPS:
        return Said("w", "delete", "same", UNDESCRIBED)
    return Said("rw", "update", "unknown", UNDESCRIBED)


def asks(texts: tuple[str, ...]) -> bool:
    """Whether the words say that the program is asked something, and none that it changes anything."""
    words = _words(texts)
    return any(word in ASKING for word in words) and all(word in ASKING or _verb(word) not in _CHANGES for word in words)


def _words(texts: tuple[str, ...]) -> list[str]:
    return [text for text in texts if text and not text.startswith("-")]


def _verb(word: str) -> str:
    """`add` of `add-note` and of `add.note`."""
    return next((word[:at] for at, letter in enumerate(word) if not (letter.isalnum() or letter == "_")), word)
