"""A large code base is read in a process of its own: what it finds is in the cache when it ends, and the room that it took is given back."""

from __future__ import annotations

import contextlib
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

from toolaudit.errors import ChangedError
from toolaudit.request import Request

if TYPE_CHECKING:
    from toolaudit.opening import Opened
    from toolaudit.pipeline import Report
    from toolaudit.project.memory import Memory

MANY = 300
"""Files that can hold a tool: below that, starting a process costs more than it gives."""


def is_due(opened: Opened, memory: Memory) -> bool:
    """Nothing is remembered of a large code base, and what another process finds can be."""
    project = opened.project
    return project.cached and len(project.candidates) >= MANY and memory.recall() is None


def found(request: Request, progress: Report) -> None:
    """Find the tools below the roots, and walk them, for the cache. Where no process can be started or it fails, nothing is in the cache,
    and whoever asks next does the work."""
    from toolaudit.project.processes import alone

    alone(_found, request, lambda told: progress(*told))


def _found(request: Request, told: Connection) -> None:
    from toolaudit import pipeline

    with contextlib.suppress(ChangedError):  # who asks next sees it too
        pipeline.remember(request, lambda *stage: told.send(stage))
