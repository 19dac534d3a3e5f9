"""What a terminal is told while a scan runs: stages in order, how far each is, and nothing that stays."""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console

from toolaudit import pipeline
from toolaudit.cli.progress import Progress
from toolaudit.request import Request


def test_stages_come_in_order_and_count_up(project: Path) -> None:
    told: list[tuple[str, int, int]] = []
    pipeline.scan(Request((Path("src"),), use_cache=False), lambda stage, done, total: told.append((stage, done, total)))
    assert list(dict.fromkeys(stage for stage, _, _ in told)) == ["reading files", "finding tools", "following effects", "judging pairs"]
    assert [done for stage, done, total in told if stage == "finding tools"] == [0]
    assert [(done, total) for stage, done, total in told if stage == "following effects"] == [(0, 2), (0, 2), (1, 2)]


def test_the_bar_says_how_far_it_is_and_goes() -> None:
    file = io.StringIO()
    console = Console(file=file, force_terminal=True, width=100, _environ={})
    with Progress(console) as progress:
        progress("following effects", 3, 12)
        progress._bar.refresh()
    shown = file.getvalue()
    assert "following effects" in shown
    assert "3 of 12" in shown
    assert shown.endswith("\x1b[2K"), "the line is wiped"
