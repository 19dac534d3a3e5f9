"""A bar on standard error that says what the scan is doing and how far it is, when that is a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar


class Progress:
    """Called with a stage's name, how many are done and of how many (0: not known); gone when the scan is done."""

    def __init__(self, console: Console | None = None) -> None:
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description:18}"),
            BarColumn(30),
            TextColumn("{task.fields[far]}"),
            TimeElapsedColumn(),
        )
        self._bar = Bar(*columns, console=console or Console(stderr=True), transient=True)
        self._task = self._bar.add_task("reading", total=None, far="")

    def __enter__(self) -> Progress:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def __call__(self, stage: str, done: int = 0, total: int = 0) -> None:
        self._bar.update(self._task, description=stage, completed=done, total=total or None, far=f"{done} of {total}" if total else "")
