"""A line on standard error that says what the scan is doing, when it is a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.status import Status


class Progress:
    """Called with a stage's name and how far it is; gone when the scan is done."""

    def __init__(self) -> None:
        self._status = Status("reading", console=Console(stderr=True))

    def __enter__(self) -> Progress:
        self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._status.stop()

    def __call__(self, stage: str, done: int = 0, total: int = 0) -> None:
        far = f" {done} of {total}" if done else f" of {total} tools" if total else ""
        self._status.update(f"{stage}{far}")
