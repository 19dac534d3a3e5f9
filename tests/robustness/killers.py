"""Tasks that go wrong as a parser can. Worker processes import this module by its name."""

from __future__ import annotations

import os
import signal
import time

from toolaudit.project.worker import extract_batch


def treacherous(batch: bytes) -> bytes:
    if b"dies" in batch:
        os.kill(os.getpid(), signal.SIGSEGV)
    if b"hangs" in batch:
        time.sleep(600)
    return extract_batch(batch)


def unstartable(batch: bytes) -> bytes:
    if os.environ.get("STARTED_BY") != str(os.getpid()):
        os._exit(1)
    return extract_batch(batch)
