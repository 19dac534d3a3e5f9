"""Whether the resource of a finding is among those that a witness saw two calls clash on: scan and engine share one vocabulary."""

from __future__ import annotations

import re
from collections.abc import Iterable

SEEN_AS = {
    "file": ("file", "dir"),
    "dir": ("dir", "file"),
    "session": ("memory",),
    "git": ("subprocess", "file"),
    "aws": ("http",),
    "docker": ("http", "subprocess"),
    "k8s": ("http", "subprocess"),
}
"""Kinds of the scan → kinds of the engine, where the words differ: it sees the files and requests below."""
_OPEN = re.compile(r"\{[^{}]*\}|\*+")
_VARIABLE = re.compile(r"^(param|env|self|unknown|computed)\b")
_CONSTANT = re.compile(r"[A-Z][A-Z0-9_]+")
"""A name of the code whose value the scan does not know."""
_WORDS = re.compile(r"\w+")


def met(kind: str, key: str, seen: Iterable[str]) -> bool:
    """Whether one of the resources `seen` (``kind:key``) may be the one that the scan names; keys that it left open match by kind."""
    return any(_meets(kind, key, *resource.partition(":")[::2]) for resource in seen)


def _meets(kind: str, key: str, seen_kind: str, seen_key: str) -> bool:
    if seen_kind not in SEEN_AS.get(kind, (kind,)):
        return False
    if kind == "git":
        return "git" in _WORDS.findall(seen_key)
    if kind in ("memory", "session"):
        return _same_object(key, seen_key)
    if kind in ("file", "dir"):
        return _same_path(key, seen_key, folder=kind == "dir")
    if kind in ("sql", "env", "redis"):
        return seen_key == "*" or _is_open(key) or key.lower().rpartition(".")[2] == seen_key.lower().rpartition(".")[2]
    return True


def _is_open(key: str) -> bool:
    return bool(_OPEN.search(key) or _VARIABLE.match(key))


def _same_object(key: str, seen: str) -> bool:
    """`self:notes[note_{?}]` is `cell:self.storage.notes[note_1]`, and `NUMBERS[next]` is not `NUMBERS[last]`."""
    whole, _, part = key.partition("[")
    words = _WORDS.findall(whole.rpartition(":")[2])
    if key.startswith("param:") or _OPEN.search(whole) or not words or seen.startswith("<"):
        return True
    found = re.search(rf"\b{re.escape(words[-1])}\b(?:\[([^\]]*)\])?", seen)
    if found is None:
        return False
    part = part.rstrip("]")
    return not found[1] or not part or bool(_OPEN.search(part)) or _VARIABLE.match(part) is not None or found[1] == part


def _same_path(key: str, seen: str, *, folder: bool) -> bool:
    """A template's constant end must fit; what is seen may be shown relative to a folder that the scan names."""
    if _VARIABLE.match(key) or _CONSTANT.fullmatch(key):
        return True
    tail = _OPEN.split(key)[-1] if _OPEN.search(key) else "/" + key.removeprefix("~").removeprefix("./").lstrip("/")
    if not tail.strip("/") or f"/{seen}".endswith(tail) or key.endswith(f"/{seen}"):
        return True
    return folder and f"{tail.rstrip('/')}/" in f"/{seen}"
