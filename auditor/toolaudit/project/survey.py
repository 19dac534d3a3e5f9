"""What every scanned file is, before any is parsed: its content's digest, and whether it can hold a tool. Reads only what changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from toolaudit.facts import Unreadable
from toolaudit.project.cache import Cache, key
from toolaudit.project.decode import DecodeError, decode
from toolaudit.project.guard import RefusedError, read
from toolaudit.project.prefilter import Prefilter
from toolaudit.project.walk import File


class Survey(NamedTuple):
    """`digests`: shown path → digest of the content, for each file that can be read; `candidates`: paths, sorted."""

    digests: dict[str, str]
    candidates: tuple[str, ...]
    refused: list[Unreadable]


_verdicts = msgspec.msgpack.Decoder(dict[str, bool])


def survey(files: Mapping[str, File], prefilter: Prefilter, cache: Cache, limit: int, name: str) -> Survey:
    """`name` tells this code base from others in the cache."""
    refused: list[Unreadable] = []
    by_path = {str(file.path): shown for shown, file in files.items()}
    row = key("prefilter", name, prefilter.text)
    known = _known(cache, row)
    fresh: dict[str, bool] = {}

    def load(path: str) -> bytes | None:
        shown = by_path[path]
        try:
            data = read(files[shown].path, limit)
        except RefusedError as error:
            refused.append(Unreadable(shown, error.line, error.reason))
            return None
        fresh[shown] = _can_hold_a_tool(data, prefilter)
        return data

    stats = {str(file.path): (file.mtime_ns, file.size) for file in files.values()}
    found = cache.digests(stats, load)
    digests = {by_path[path]: digest for path, digest in found.items() if digest is not None}
    verdicts: dict[str, bool] = {}
    for shown, digest in digests.items():
        verdict = fresh.get(shown, known.get(digest))
        if verdict is None and load(str(files[shown].path)) is not None:
            verdict = fresh[shown]
        verdicts[digest] = bool(verdict)
    if verdicts != known:
        cache.store_facts({row: msgspec.msgpack.encode(verdicts)})
    return Survey(digests, tuple(shown for shown, digest in digests.items() if verdicts[digest]), refused)


def _known(cache: Cache, row: bytes) -> dict[str, bool]:
    try:
        return _verdicts.decode(cache.facts([row]).get(row, b"\x80"))
    except msgspec.MsgspecError:
        return {}


def _can_hold_a_tool(data: bytes, prefilter: Prefilter) -> bool:
    """A file that cannot be decoded can: the markers would not be seen in it, and the index will say what is wrong with it."""
    if prefilter.matches(data):
        return True
    if data.isascii() and b"coding" not in data[:400] and b"\0" not in data:
        return False
    try:
        decode(data)
    except DecodeError:
        return True
    return False
