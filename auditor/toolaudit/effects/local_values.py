"""What the variables hold that an expression is made of, told from their assignments, without a walk."""

from __future__ import annotations

from toolaudit.effects.bodies import assigned_to
from toolaudit.effects.frame import Frame, World
from toolaudit.effects.free import nodes
from toolaudit.effects.values import union
from toolaudit.facts import Expr, Name, Stmt

MAX_STEPS = 3
MAX_ASSIGNMENTS = 2


def bind_locals(world: World, frame: Frame, body: tuple[Stmt, ...], expr: Expr, steps: int = MAX_STEPS) -> None:
    """Give a frame the local variables of a body that an expression names, and those that these are made of."""
    for name in dict.fromkeys(node.id for node in nodes(expr) if isinstance(node, Name)):
        if steps == 0 or name in frame.env:
            continue
        made = assigned_to(body, "", name)[:MAX_ASSIGNMENTS]
        for value in made:
            bind_locals(world, frame, body, value, steps - 1)
        if made:
            frame.env[name] = union(world.evaluate(frame, value) for value in made)
