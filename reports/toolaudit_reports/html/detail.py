"""How much of it the page shows: everything while it stays below its budget, then less of what a reader opens last."""

from __future__ import annotations

import msgspec

from toolaudit_reports.stories import Story
from toolaudit_reports.view import View

BUDGET = 4_500_000
"""Bytes that a page is expected to have; an estimate."""
LIMIT = 4_900_000
"""Bytes that no page passes while there is anything left to leave out."""
TOOL, CARD, ITEM, LINK, CELL = 2_300, 1_700, 500, 470, 150
"""Bytes of one row, card, table row, step of a chain and cell of the matrix, as measured on pages of 50 to 500 tools."""


class Detail(msgspec.Struct, frozen=True):
    """Lines around a step, tools with code a story, pairs listed a story, resources a tool, steps of each resource's chain, cells of the
    matrix, unresolved calls; `prose`: descriptions as they are, else their first line."""

    context: int
    sides: int
    pairs: int
    uses: int
    steps: int
    cells: int = 6_000
    calls: int = 500
    prose: bool = True


LEVELS = (
    Detail(1, 40, 60, 30, 12),
    Detail(0, 40, 60, 30, 12),
    Detail(0, 40, 60, 30, 1),
    Detail(0, 12, 30, 12, 1),
    Detail(0, 6, 12, 6, 1),
    Detail(0, 4, 6, 4, 0),
    Detail(0, 2, 0, 2, 0, prose=False),
    Detail(0, 2, 0, 0, 0, cells=3_000, calls=200, prose=False),
    Detail(0, 0, 0, 0, 0, cells=2_000, calls=200, prose=False),
)


HEAD = 12
FULL, LARGE = Detail(0, 12, 30, 12, 4), Detail(0, 4, 12, 0, 0)
"""The first stories keep at least this much (`LARGE` on the largest pages), whatever the size: they are what is read."""


def of_story(level: Detail, place: int) -> Detail:
    """The detail of the story at `place` (from 0) on a page of `level`."""
    least = FULL if level.uses else LARGE
    return least if place < HEAD and level.sides < least.sides else level


def levels(view: View, budget: int = BUDGET) -> tuple[Detail, ...]:
    """The levels to try: the most detailed whose page is expected to stay within `budget`, and those below it; never none."""
    start = next((number for number, level in enumerate(LEVELS) if estimate(view, level) <= budget), len(LEVELS) - 1)
    return LEVELS[start:]


def estimate(view: View, level: Detail) -> int:
    """Bytes of the page at `level`."""
    size = len(view.document.tools) * TOOL + len(view.stories) * CARD
    size += sum(_story(story, of_story(level, place)) for place, story in enumerate(view.stories))
    for tool in view.document.tools:
        size += sum(LINK * (1 + min(len(use.chain), level.steps)) for use in tool.resources[: level.uses])
    return size + min(level.cells, len(view.document.tools) ** 2) * CELL


def _story(story: Story, level: Detail) -> int:
    chains: dict[str, int] = {}
    for entry in story.entries:
        for tool, chain in zip(entry.tools, entry.evidence, strict=False):
            chains.setdefault(tool, len(chain))
    shown = list(chains.values())[: level.sides]
    per_link = LINK + 2 * level.context * 160
    return sum(shown) * per_link + (min(len(story.entries), level.pairs) * ITEM if story.folded else 0)
