"""The tools as rows of the page: class, the three answers with their reasons, footprint, what it clashes with."""

from __future__ import annotations

from collections import Counter

import msgspec

from toolaudit_reports.document import Answer, Resource, ResourceUse, Tool
from toolaudit_reports.html.cards import Linker
from toolaudit_reports.html.chain import Link, links
from toolaudit_reports.html.detail import Detail
from toolaudit_reports.overview import STATES
from toolaudit_reports.stories import resource_text
from toolaudit_reports.view import View


class Reply(msgspec.Struct, frozen=True):
    """One answer: `yes`, `no` or `unknown`, why, and where."""

    question: str
    word: str
    reason: str
    place: str


class Use(msgspec.Struct, frozen=True):
    access: str
    word: str
    resource: str
    tags: tuple[str, ...]
    links: tuple[Link, ...]


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One tool. `clashes` counts its open conflicts."""

    anchor: str
    id: str
    name: str
    place: str
    file: str
    function: str
    framework: str
    runs: str
    async_: bool
    class_: str
    opaque: bool
    confidence: str
    reason: str
    description: str
    signature: str
    replies: tuple[Reply, ...]
    uses: tuple[Use, ...]
    more_uses: int
    touched: tuple[tuple[str, str], ...]
    unknown: int
    declared: tuple[tuple[str, str], ...]
    state: str
    state_text: str
    clashes: int


def rows(view: View, linker: Linker, detail: Detail) -> tuple[Row, ...]:
    """All tools in the document's order."""
    clashes: Counter[str] = Counter()
    for entry in view.entries:
        if entry.pair and entry.status in ("open", "known"):
            clashes.update(set(entry.tools))
    return tuple(_row(tool, view, linker, detail, clashes[tool.id]) for tool in view.document.tools)


def _row(tool: Tool, view: View, linker: Linker, detail: Detail, clashes: int) -> Row:
    state = view.overview.states[tool.id]
    answers = (("atomic", tool.atomic), ("idempotent", tool.idempotent), ("independent", tool.independent))
    return Row(
        anchor=linker.tools.name(tool.id),
        id=tool.id,
        name=tool.name,
        place=f"{tool.file}:{tool.line}",
        file=tool.file,
        function=tool.function,
        framework=tool.framework,
        runs=tool.runs,
        async_=tool.async_,
        class_=tool.class_,
        opaque=tool.opaque,
        confidence=tool.confidence,
        reason=tool.reason,
        description=tool.description if detail.prose else tool.description.strip().partition("\n")[0],
        signature=_signature(tool),
        replies=tuple(_reply(question, answer, tool) for question, answer in answers),
        uses=tuple(_use(use, view, detail) for use in tool.resources[: detail.uses]),
        more_uses=max(len(tool.resources) - detail.uses, 0),
        touched=_touched(tool.resources),
        unknown=len(tool.unknown_calls),
        declared=tuple((name, _literal(value)) for name, value in sorted(tool.declared.items())),
        state=state,
        state_text=STATES[state],
        clashes=clashes,
    )


def _signature(tool: Tool) -> str:
    parts = [f"{parameter.name}: {parameter.annotation}" if parameter.annotation else parameter.name for parameter in tool.parameters]
    return f"{'async ' if tool.async_ else ''}{tool.function}({', '.join(parts)})"


def _reply(question: str, answer: Answer, tool: Tool) -> Reply:
    word = "unknown" if answer.value is None else "yes" if answer.value else "no"
    place = f"{answer.file or tool.file}:{answer.line}" if answer.line else ""
    return Reply(question, word, answer.reason, place)


def _use(use: ResourceUse, view: View, detail: Detail) -> Use:
    word = {"r": "reads", "w": "writes", "rmw": "reads and writes"}[use.access]
    # One atomic operation among others that leave a window does not make the whole atomic.
    tags = [name for name, held in (("secondary", use.secondary), ("atomic", use.atomic and not use.windows)) if held]
    tags += [f"under {lock}" for lock in use.locks]
    tags += [f"{window} between read and write" for window in use.windows]
    resource = resource_text(Resource(kind=use.kind, key=use.key))
    # The last steps of a chain are the nearest to the statement.
    steps = use.chain[-detail.steps :] if detail.steps else ()
    access = "w" if use.access == "w" else "r" if use.access == "r" else "rw"
    return Use(access, word, resource, tuple(tags), links(steps, view.document.sources, detail.context))


def _touched(resources: tuple[ResourceUse, ...]) -> tuple[tuple[str, str], ...]:
    """Access and name of what counts, each resource once, at most four."""
    merged: dict[str, set[str]] = {}
    for use in resources:
        if not use.secondary:
            merged.setdefault(resource_text(Resource(kind=use.kind, key=use.key)), set()).update(
                {"r": "r", "w": "w", "rmw": "rw"}[use.access]
            )
    shown = [("".join(sorted(access)), name) for name, access in merged.items()]
    return (*shown[:3], ("", f"and {len(shown) - 3} more")) if len(shown) > 4 else tuple(shown)


def _literal(value: bool | int | str | None) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
