"""What a call writes into one file goes on to where it is moved; out of a file that only this call knows, to where it is copied, too."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from toolaudit.effects.frame import Effect
from toolaudit.effects.values import CLEAN, Loc, Taint
from toolaudit.model import Resource


def is_temporary(target: Loc | Resource) -> bool:
    """A file or folder with a name that is new in each call."""
    return (
        isinstance(target, Resource)
        and target.kind in ("file", "dir")
        and any(part.kind == "fresh" and part.text == "temporary" for part in target.key)
    )


def carried(effects: Sequence[Effect]) -> list[Effect]:
    """The effects, where a write of what comes out of such a file depends on what had gone into it: read, change, save beside, move over."""
    content: dict[Resource, Taint] = {}
    out: list[Effect] = []
    for effect in effects:
        if content and "w" in effect.mode and isinstance(effect.target, Resource) and not is_temporary(effect.target):
            effect = _with_content(effect, out, content)
        if (
            "w" in effect.mode
            and effect.op not in ("rename", "delete")
            and isinstance(effect.target, Resource)
            and effect.target.kind == "file"
        ):
            content[effect.target] = content.get(effect.target, CLEAN) | effect.data
        out.append(effect)
    return out


def _with_content(effect: Effect, earlier: Sequence[Effect], content: dict[Resource, Taint]) -> Effect:
    read = [earlier[i] for i in effect.data if isinstance(i, int) and i < len(earlier) and is_temporary(earlier[i].target)]
    moved = earlier[-1:] if earlier[-1].op in ("rename", "delete") and earlier[-1].chain == effect.chain else ()
    data = effect.data
    for source in (*read, *moved):
        data |= content.get(source.target, CLEAN) if isinstance(source.target, Resource) else CLEAN
    return replace(effect, data=data) if data != effect.data else effect
