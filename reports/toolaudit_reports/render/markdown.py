"""Markdown for a pull-request comment or a job summary: verdict, what to do first, the findings, the tools folded away.

Limits: a comment on GitHub holds 65 536 characters, a job summary 1 MiB. What does not fit is counted, the most severe
is kept.
"""

from __future__ import annotations

from collections.abc import Iterator

from toolaudit_reports.document import Answer
from toolaudit_reports.overview import STATES, numbers
from toolaudit_reports.pairs import listed, pairs_by_code
from toolaudit_reports.render.commands import next_steps
from toolaudit_reports.sanitise import markdown_code, markdown_html, markdown_text
from toolaudit_reports.stories import Story, headline
from toolaudit_reports.upgrades import pair_names, upgrades
from toolaudit_reports.view import View

COMMENT = 60_000
SUMMARY = 1_000_000
ROWS = 60
"""Bytes of UTF-8, below the hosts' limits."""


def write(view: View) -> str:
    """Markdown that fits a comment."""
    return compose(view, COMMENT)


def compose(view: View, limit: int) -> str:
    """Markdown of at most `limit` bytes."""
    head = "".join(_head(view))
    tail = _migration(view) + "".join(_tail(view))
    body, stories = "", [story for story in view.stories if not story.settled]
    for number, story in enumerate(stories):
        piece = "".join(_story(story, view))
        if _size(head, body, piece, tail) + 200 > limit:
            body += f"\n…and {len(stories) - number} more, none more severe than those above.\n"
            break
        body += piece
    tools = "".join(_tools(view))
    if _size(head, body, tools, tail) > limit:
        tools = ""
    return head + body + tools + tail


def _migration(view: View) -> str:
    lines: list[str] = []
    for told in upgrades(view.document) if view.options.migration else ():
        lines += [f"\n### {markdown_text(told.title)}\n", markdown_text(f"{told.outcome[0].upper()}{told.outcome[1:]}.") + "\n"]
        lines += [markdown_text(f"{told.remark[0].upper()}{told.remark[1:]}.") + "\n"] if told.remark else []
        rows = [
            _row(listed([view.labels.get(tool, tool) for tool in one.tools], ROWS), one.before, one.after, one.message)
            for one in told.moved
        ]
        rows += [_row(pair_names(one.tools, view.labels), one.before, one.after, listed(one.clashes, 2)) for one in told.turned]
        if rows:
            lines += ["| tools | before | after | what changes |", "| --- | --- | --- | --- |", *rows[:ROWS]]
        lines += [f"\n…and {len(rows) - ROWS} more"] if len(rows) > ROWS else []
    return "\n".join(lines) + "\n" if lines else ""


def _row(*cells: str) -> str:
    return f"| {' | '.join(markdown_text(cell) for cell in cells)} |"


def _size(*parts: str) -> int:
    return sum(len(part.encode()) for part in parts)


def _head(view: View) -> Iterator[str]:
    gate, overview = view.gate, view.overview
    mark = "✅" if gate.passed and overview.safe else "❌" if not gate.passed else "⚠️"
    yield f"## {mark} {markdown_text(overview.verdict)}\n\n"
    word = "passed" if gate.passed else "failed"
    yield f"**Gate {word}**: {markdown_text(gate.reason)}. {markdown_text(numbers(gate))}.\n"
    if overview.todos:
        yield "\n### Do first\n\n"
        for number, todo in enumerate(overview.todos, 1):
            yield f"{number}. **{markdown_text(todo.what)}**"
            yield f"<br>{markdown_text(todo.do)}\n" if todo.do else "\n"
    added = [item for item in view.document.suppressions if item.added]
    if added:
        yield "\n### Suppressions that this change adds\n\n"
        for item in added:
            codes = markdown_text(", ".join(item.codes)) or "everything"
            place = markdown_code(f"{item.file}:{item.line}")
            yield f"- {place} {codes}: {markdown_text(item.reason) or 'no reason given'}\n"
    if any(not story.settled for story in view.stories):
        yield "\n### Findings\n"


def _story(story: Story, view: View) -> Iterator[str]:
    lead = story.lead
    label = f"<b>{lead.severity}</b> <code>{markdown_html(lead.name)}</code>"
    yield f"\n<details><summary>{label} {markdown_html(headline(story))}</summary>\n\n"
    yield f"{markdown_code(lead.place)}\n\n"
    for name, pairs in pairs_by_code(story.stands):
        yield f"- clashes: {markdown_text(pairs)}{f' ({markdown_text(name)})' if name else ''}\n"
    if lead.pair:
        yield f"- bites: {markdown_text(lead.when)}, under {markdown_text(', '.join(lead.runners)) or 'any runner'}\n"
    yield f"- confidence: {lead.confidence}\n"
    for entry in story.entries:
        proof = view.proof(entry)
        if proof is not None:
            yield f"- proof: {markdown_text(proof.text)}\n"
            if proof.item.witness is not None:
                yield f"- replay: {markdown_code(proof.item.witness.replay)}\n"
            break
    steps = dict.fromkeys(step for chain in lead.evidence for step in chain if step.access)
    for step in list(steps)[:4]:
        place = markdown_code(f"{step.file}:{step.line}")
        yield f"- {place} {markdown_code(step.code.strip())} {markdown_text(step.note)}\n"
    if lead.help:
        yield f"- **help**: {markdown_text(lead.help)}\n"
    yield "\n</details>\n"


def _tools(view: View) -> Iterator[str]:
    tools = view.document.tools
    if not tools:
        return
    yield f"\n<details><summary>All {len(tools)} tools</summary>\n\n"
    yield "| tool | class | atomic | idempotent | independent | state |\n| --- | --- | --- | --- | --- | --- |\n"
    for tool in tools:
        answers = " | ".join(_answer(answer) for answer in (tool.atomic, tool.idempotent, tool.independent))
        state = STATES[view.overview.states[tool.id]]
        yield f"| {markdown_text(view.labels[tool.id])} | {tool.class_} | {answers} | {state} |\n"
    yield "\n</details>\n"


def _answer(answer: Answer) -> str:
    return "?" if answer.value is None else "yes" if answer.value else "no"


def _tail(view: View) -> Iterator[str]:
    yield "\n"
    for command, why in next_steps(view):
        yield f"- next: {markdown_code(command)} {markdown_text(why)}\n"
