"""How many functions are walked: for one tool, and for what comes after a call that takes them all."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from toolaudit.effects.frame import World

MOST_WALKS = 340
KEPT, KEPT_DEPTH = 16, 5
"""So many of the walks that are left are kept for what a caller does afterwards, near the tool."""


def begin(world: World) -> None:
    """A tool's own walks."""
    world.walks, world.stop = 0, world.walks_each + KEPT * KEPT_DEPTH


def spent(world: World) -> bool:
    return world.walks >= world.stop


def share(world: World, depth: int) -> int:
    """Where a function at this depth must stop."""
    return world.stop - KEPT if depth < KEPT_DEPTH else world.stop
