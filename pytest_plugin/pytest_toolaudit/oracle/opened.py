"""Files that tools hold open: where they stand in them is put back, and nothing is left in their buffers to be written later."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

_KINDS = (io.TextIOWrapper, io.BufferedReader, io.BufferedWriter, io.BufferedRandom)
_EXISTS = os.path.exists


class Opened:
    """Open files of the disk, by name, with the position that each had; streams of the process are nobody's to move."""

    def __init__(self, objects: Iterable[Any]) -> None:
        found = ((value, _position(value)) for value in objects if type(value) in _KINDS)
        self.saved = [(value, position) for value, position in found if position is not None]

    def settle(self) -> None:
        """What is still in a buffer goes to the file, before that is put back."""
        for value, _ in self.saved:
            with suppress(OSError, ValueError):
                value.flush()

    def restore(self) -> None:
        """Each where it was; one that a call has closed stays closed."""
        for value, position in self.saved:
            with suppress(OSError, ValueError):
                value.seek(position)


def _position(value: Any) -> int | None:
    try:
        named = isinstance(value.name, str) and _EXISTS(value.name)
        return value.tell() if named and value.seekable() else None
    except (OSError, ValueError, AttributeError):
        return None
