"""Bedrock Converse, as Strands keeps it: `content[].toolUse` of one message."""

from __future__ import annotations

from typing import Any

from toolaudit.batches.model import Complain, Turn, several

NAME = "Bedrock"


def turns(value: Any, place: str, complain: Complain) -> list[Turn] | None:
    """The turn of one message; None for anything else."""
    blocks = value.get("content") if isinstance(value, dict) else None
    if not isinstance(blocks, list):
        return None
    uses = [
        (number, block["toolUse"])
        for number, block in enumerate(blocks)
        if isinstance(block, dict) and isinstance(block.get("toolUse"), dict)
    ]
    if not uses:
        return None
    entries = [(use.get("name"), use.get("input"), use.get("toolUseId"), f"{place}.content[{number}]") for number, use in uses]
    return [Turn(several(entries, complain), NAME, place)]
