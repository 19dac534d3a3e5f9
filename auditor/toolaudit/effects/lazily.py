"""What is put where nothing was: made on the way to what a tool is for, or there for the next calls."""

from __future__ import annotations

from collections.abc import Sequence

from toolaudit.effects.frame import Effect
from toolaudit.effects.upkeep import helpers
from toolaudit.effects.values import MARKS, Loc


def made_where_missing(effects: Sequence[Effect], effect: Effect, checks: Sequence[int], tool: str) -> bool:
    """A look whether something is there yet, before it is put there: not where it was there, nor where the caller of the
    tool itself says what is put."""
    looks = [i for i in checks if effects[i].op == "check"]
    given = not helpers(effect, tool) and any(isinstance(i, str) and i[:1] not in MARKS for i in effect.data)
    return bool(looks) and not given and any(f"!{i}" not in effect.control for i in looks)


def is_switch(marked: Sequence[Effect], index: int, tool: str) -> bool:
    """What the tool puts where nothing was and does not use in the same call: it is there for the next ones."""
    effect = marked[index]
    if effect.secondary != "lazy-init" or effect.op != "write" or not isinstance(effect.target, Loc) or helpers(effect, tool):
        return False
    return len(effect.chain) <= 2 and not any("r" in later.mode and later.target == effect.target for later in marked[index + 1 :])
