"""Recorded batches of tool calls: what models asked for, read from what people have.

`read(path)` gives a Recording: turns of calls, and one line for each entry that could not be read.
"""

from __future__ import annotations

from toolaudit.batches.model import BadEntry, Recorded, Recording, Turn
from toolaudit.batches.transcript import read, read_text

__all__ = ["BadEntry", "Recorded", "Recording", "Turn", "read", "read_text"]
