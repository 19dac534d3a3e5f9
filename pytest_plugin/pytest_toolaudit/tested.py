"""What ordinary tests explored, as items of the same evidence document that `confirm` writes.

A test knows tools and resources, not the scan's codes: its items carry no fingerprint, and the report matches them by both.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

import msgspec

from pytest_toolaudit.calls import Call
from pytest_toolaudit.evidence import relative, witness
from pytest_toolaudit.oracle.freeze import freeze, thaw
from pytest_toolaudit.verdict import Verdict
from toolaudit import __version__
from toolaudit.cli.outputs import Output
from toolaudit.cli.outputs import write as write_output
from toolaudit_reports import document as out


def items(verdict: Verdict, test: str, root: Path) -> tuple[out.EvidenceItem, ...]:
    """One item for each resource that the calls clash on; one without a resource where they clash on none."""
    shown = witness(verdict, root, f"pytest '{test}'") if _is_proof(verdict) else None
    return tuple(_item(verdict, test, root, resource, shown) for resource in verdict.resources or ("",))


def _is_proof(verdict: Verdict) -> bool:
    return verdict.kind in ("racy", "deadlock", "livelock") or (verdict.kind == "order-dependent" and verdict.failure is not None)


def _item(verdict: Verdict, test: str, root: Path, resource: str, shown: out.Witness | None) -> out.EvidenceItem:
    kind, _, key = resource.partition(":")
    found: Literal["confirmed", "not-reproduced"] = "confirmed" if shown is not None else "not-reproduced"
    calls = tuple(
        out.Call(label=label, tool=tool_id(call, root), arguments=_arguments(call))
        for label, call in zip(verdict.names, verdict.calls, strict=True)
    )
    return out.EvidenceItem(
        fingerprint="",
        code="",
        tools=tuple(call.tool for call in calls),
        resource=out.Resource(kind=kind, key=key) if resource else None,
        verdict=found,
        schedules=verdict.schedules,
        preemptions=verdict.preemptions,
        exhausted=verdict.exhausted,
        witness=shown,
        calls=calls,
        reason="; ".join(verdict.notes),
        kind=verdict.kind,
        masked=verdict.masked,
        unobserved=verdict.unobserved,
        test=test,
    )


def tool_id(call: Call, root: Path) -> str:
    """The tool as a scan names it: file, then qualified function; the bare name where it has no code of its own."""
    function: Any = getattr(call.function, "__func__", call.function)
    function = getattr(function, "func", function)
    code = getattr(function, "__code__", None)
    if code is None:
        return call.name
    return f"{relative(code.co_filename, root)}::{function.__qualname__.replace('.<locals>', '')}"


def _arguments(call: Call) -> dict[str, str]:
    given = {str(number): value for number, value in enumerate(call.args, 1)} | call.kwargs
    return {name: thaw(freeze(value)) for name, value in given.items()}


def write(target: str, found: Iterable[str], *, runner: str, seed: int) -> None:
    """Writes the document in one step, in an order that neither workers nor their timing decide."""
    decoded = [msgspec.json.decode(text, type=out.EvidenceItem) for text in dict.fromkeys(found)]
    ordered = sorted(decoded, key=lambda item: (item.test, msgspec.json.encode(item)))
    document = out.EvidenceDocument(schema=out.SCHEMA, version=__version__, runner=runner, items=tuple(ordered), seed=seed)
    write_output(Output("json", Path(target)), out.encode(document).decode())
