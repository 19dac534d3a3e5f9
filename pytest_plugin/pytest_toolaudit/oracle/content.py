"""What a file holds, without what its format adds on its own: an archive is its members, not their times and places."""

from __future__ import annotations

import functools
import gzip
import io
import zipfile
import zlib
from typing import Any

ARCHIVE = "archive"
DAMAGED = ("damaged archive",)
_DAMAGED = (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, OSError, EOFError, ValueError)
_ZIP, _GZIP = (b"PK\x03\x04", b"PK\x05\x06"), b"\x1f\x8b"
_MOST_MEMBERS, _MOST_BYTES, _DEPTH = 2_000, 32_000_000, 2


@functools.lru_cache(maxsize=64)
def content(data: bytes, depth: int = 0) -> Any:
    """Text where the bytes are text; office documents and other zip and gzip files as ``("archive", (member, content), …)``.

    An archive that cannot be read is damaged, whatever times are in its bytes.
    """
    if data.startswith(_ZIP) and depth < _DEPTH:
        try:
            members = _members(data)
        except _DAMAGED:
            return DAMAGED
        return data if members is None else (ARCHIVE, *((name, content(part, depth + 1)) for name, part in members))
    if data.startswith(_GZIP) and depth < _DEPTH:
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(data)) as packed:
                return (ARCHIVE, ("", content(packed.read(_MOST_BYTES), depth + 1)))
        except _DAMAGED:
            return DAMAGED
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data


def _members(data: bytes) -> list[tuple[str, bytes]] | None:
    """Name and bytes of each member, sorted; None for one that is too large or locked."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        known = archive.infolist()
        if len(known) > _MOST_MEMBERS or sum(member.file_size for member in known) > _MOST_BYTES or any(m.flag_bits & 1 for m in known):
            return None
        return sorted((member.filename, archive.read(member)) for member in known)
