"""Memory that was let go, given back to the system."""

from __future__ import annotations

import contextlib


def give_back() -> None:
    """The GNU C library keeps what lies between blocks that are still in use, tens of megabytes of it, until it is asked; others need no
    asking."""
    import ctypes

    with contextlib.suppress(AttributeError, OSError, TypeError):  # no such function; Windows has no library without a name
        ctypes.CDLL(None).malloc_trim(0)
