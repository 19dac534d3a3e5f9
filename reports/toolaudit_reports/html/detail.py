"""How much of it the page shows: everything while it stays below its budget, then less of what a reader opens last."""

from __future__ import annotations

import msgspec

from toolaudit_reports.stories import Story
from toolaudit_reports.view import View

BUDGET = 4_500_000
"""Bytes; a page of 500 tools is to stay below five million."""
TOOL, CARD, ITEM, LINK, CELL = 2_300, 1_700, 500, 470, 150
"""Bytes of one row, card, table row, step of a chain and cell of the matrix, as measured on pages of 50 to 500 tools."""


class Detail(msgspec.Struct, frozen=True):
    """Lines around a step, tools with code a story, pairs listed a story, resources a tool, steps of each resource's chain."""

    context: int
    sides: int
    pairs: int
    uses: int
    steps: int


LEVELS = (
    Detail(1, 40, 60, 30, 12),
    Detail(0, 40, 60, 30, 12),
    Detail(0, 40, 60, 30, 1),
    Detail(0, 12, 30, 12, 1),
    Detail(0, 6, 12, 6, 1),
    Detail(0, 4, 6, 4, 0),
    Detail(0, 2, 0, 2, 0),
)


HEAD, FULL = 12, Detail(0, 12, 30, 12, 4)
"""The first stories keep at least this much, whatever the size: they are what is read."""


def of_story(level: Detail, place: int) -> Detail:
    """The detail of the story at `place` (from 0) on a page of `level`."""
    return FULL if place < HEAD and level.sides < FULL.sides else level


def choose(view: View, budget: int = BUDGET) -> Detail:
    """The most detailed level whose page is expected to stay within `budget`; the last one if none does."""
    return next((level for level in LEVELS if estimate(view, level) <= budget), LEVELS[-1])


def estimate(view: View, level: Detail) -> int:
    """Bytes of the page at `level`."""
    size = len(view.document.tools) * TOOL + len(view.stories) * CARD
    size += sum(_story(story, of_story(level, place)) for place, story in enumerate(view.stories))
    for tool in view.document.tools:
        size += sum(LINK * (1 + min(len(use.chain), level.steps)) for use in tool.resources[: level.uses])
    return size + min(6_000, len(view.document.tools) ** 2) * CELL


def _story(story: Story, level: Detail) -> int:
    chains: dict[str, int] = {}
    for entry in story.entries:
        for tool, chain in zip(entry.tools, entry.evidence, strict=False):
            chains.setdefault(tool, len(chain))
    shown = list(chains.values())[: level.sides]
    per_link = LINK + 2 * level.context * 160
    return sum(shown) * per_link + (min(len(story.entries), level.pairs) * ITEM if story.folded else 0)
