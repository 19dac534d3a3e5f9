"""Text for people: the tools in a table, each story in a frame, whether the gate passed and what to run next."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Iterator

from rich.console import Console, RenderableType
from rich.text import Text

from toolaudit_reports.findings import Entry
from toolaudit_reports.overview import numbers
from toolaudit_reports.pairs import listed, pair_text, pairs_by_code
from toolaudit_reports.proofs import count
from toolaudit_reports.render.commands import next_steps
from toolaudit_reports.render.frame import digits_of, draw, remark
from toolaudit_reports.render.tool_table import table
from toolaudit_reports.sanitise import one_line
from toolaudit_reports.snippets import marked_lines
from toolaudit_reports.stories import Story, headline
from toolaudit_reports.upgrades import pair_names, upgrades
from toolaudit_reports.view import View

FRAMED, BRIEF = 20, 60
"""So many stories are framed, so many more get a line."""
MOVED, TURNED = 24, 40
"""So many tools and pairs of an upgrade are listed."""
STYLES = {"error": "bold red", "warning": "bold yellow", "note": "bold cyan"}


def write(view: View) -> str:
    """The whole text; styles only when `options.color`."""
    options = view.options
    out = io.StringIO()
    console = Console(
        file=out,
        width=max(options.width, 40),
        force_terminal=options.color,
        color_system="standard" if options.color else None,
        no_color=not options.color,
        legacy_windows=False,
        markup=False,
        emoji=False,
        highlight=False,
        _environ={},
    )
    for part in _parts(view, console.width):
        console.print(part, soft_wrap=isinstance(part, Text))
    return "".join(line.rstrip() + "\n" for line in out.getvalue().splitlines()).lstrip("\n")


def _parts(view: View, width: int) -> Iterator[RenderableType]:
    verbose = view.options.verbose
    stories = [story for story in view.stories if verbose or not story.settled]
    if not view.options.quiet:
        if view.document.tools:
            yield from table(view)
        if verbose:
            yield from _unresolved(view, width)
        framed = len(stories) if verbose else FRAMED
        for story in stories[:framed]:
            yield Text()
            yield from _story(story, view, width)
        yield from _rest(stories[framed:])
        yield from _migration(view)
        yield Text()
        yield from _notices(view, width)
    yield from _verdict(view, width)


def _unresolved(view: View, width: int) -> Iterator[Text]:
    """The calls that could not be followed, tool by tool."""
    calls = [(tool, call) for tool in view.document.tools for call in tool.unknown_calls]
    if calls:
        yield Text()
        yield Text("unresolved calls", style="bold")
    for tool, call in calls:
        said = f"{view.labels[tool.id]}: {call.callee} ({call.file}:{call.line})"
        more = ", ".join(part for part in (call.reason, call.effect) if part)
        yield from (Text(f"  {row}") for row in textwrap.wrap(one_line(f"{said}: {more}" if more else said), width - 2))


def _migration(view: View) -> Iterator[RenderableType]:
    """What `--compare` asks: a line a pair, of many the first ones."""
    width = view.options.width
    for told in upgrades(view.document) if view.options.migration else ():
        yield Text()
        plain = not (told.moved or told.turned)
        yield Text(one_line(f"{told.title} {told.outcome}." if plain else f"{told.title}: {told.outcome}"), style="" if plain else "bold")
        if told.remark:
            yield from _wrapped(f"({told.remark})", width, "  ")
        for group in told.moved:
            names = [view.labels.get(tool, tool) for tool in group.tools]
            yield Text("  " + one_line(f"{group.before} → {group.after}: {group.message}"))
            yield from _wrapped(listed(names, len(names) if view.options.verbose else MOVED), width, "    ")
        shown = told.turned if view.options.verbose else told.turned[:TURNED]
        rows = [(pair_names(pair.tools, view.labels), f"{pair.before} → {pair.after}", listed(pair.clashes, 2)) for pair in shown]
        widths = [max((len(row[i]) for row in rows), default=0) for i in range(2)]
        for row in rows:
            yield Text("  " + "  ".join(one_line(cell).ljust(wide) for cell, wide in zip(row, [*widths, 0], strict=True)).rstrip())
        if len(shown) < len(told.turned):
            yield Text(f"  …and {len(told.turned) - len(shown)} pairs more; --verbose lists them all")


def _wrapped(text: str, width: int, indent: str) -> Iterator[Text]:
    for line in textwrap.wrap(one_line(text), width, initial_indent=indent, subsequent_indent=indent):
        yield Text(line)


def _rest(stories: list[Story]) -> Iterator[Text]:
    """What is left, less severe than what was framed: a line each, then a number."""
    if stories:
        yield Text()
        yield from (_brief(story) for story in stories[:BRIEF])
        left = len(stories) - BRIEF
        yield Text(f"… and {left} more (--verbose frames all)" if left > 0 else "(--verbose frames all)", style="dim")


def _brief(story: Story) -> Text:
    """One line a story, as editors and `grep` like it."""
    lead = story.lead
    return Text.assemble(
        f"{one_line(lead.place)}: ",
        (f"{lead.severity}[{lead.name}]", STYLES[lead.severity]),
        f" {one_line(headline(story))}",
    )


def _story(story: Story, view: View, width: int) -> Iterator[Text]:
    lead = story.lead
    style = STYLES[lead.severity]
    lines = marked_lines(lead, view.document.sources)
    yield from _title(story, style, width)
    yield from draw(lead.place, lines, width, style)
    digits = digits_of(lines)
    for label, text in _remarks(story, view):
        yield from remark(label, text, digits, width)


def _title(story: Story, style: str, width: int) -> Iterator[Text]:
    lead = story.lead
    label = f"{lead.severity}[{one_line(lead.name)}]"
    state = "" if lead.status == "open" else f" ({lead.status})"
    rows = textwrap.wrap(f"{label}{state}: {one_line(headline(story))}", width, subsequent_indent="  ")
    for number, row in enumerate(rows):
        text = Text(row, style="bold")
        if number == 0:
            text.stylize(style, 0, len(label))
        yield text


def _remarks(story: Story, view: View) -> Iterator[tuple[str, str]]:
    lead, verbose = story.lead, view.options.verbose
    if lead.pair:
        for name, pairs in pairs_by_code(story.standing or story.entries, every=verbose):
            yield ("clashes" if name in (lead.name, "") else "also"), f"{pairs} ({name})" if name else pairs
        yield "bites", _bites(lead, view.document.runner)
    elif story.folded:
        places = [entry.place for entry in story.entries[1:]]
        yield "also", listed(places, len(places) if verbose else 6)
    yield "confidence", lead.confidence
    proofs = list(_proofs(story, view))
    for text in proofs if verbose or len(proofs) <= 4 else (*proofs[:3], proofs[-1]):
        yield "proof", text
    if lead.suppression is not None:
        yield "accepted", f"{lead.suppression.reason or 'no reason given'} ({lead.suppression.origin})"
    if lead.help:
        yield "help", lead.help
    for entry in story.entries:
        proof = view.proof(entry)
        if proof is not None and proof.item.witness is not None:
            yield "replay", proof.item.witness.replay
            break
    if verbose:
        yield "fingerprint", ", ".join(entry.fingerprint for entry in story.entries)


def _bites(entry: Entry, runner: str) -> str:
    when = {"always": "always", "may": "when the keys are equal, which could not be ruled out"}.get(entry.when)
    under = f" under {listed(entry.runners)}" if entry.runners else ""
    latent = f"; latent here: calls run on {runner}" if entry.latent else ""
    return f"{when or f'when {entry.when}'}{under}{latent}"


def _proofs(story: Story, view: View) -> Iterator[str]:
    """The proofs of what stands, with the pair they speak of where it is not the lead; then what was cleared."""
    for entry in story.standing:
        proof = view.proof(entry)
        if proof is not None:
            whose = "" if entry is story.lead else f"{pair_text(entry.names)} ({entry.name}): "
            yield whose + proof.text
    proof = view.proof(story.cleared[0]) if story.cleared else None
    if proof is not None:
        yield f"{listed([pair_text(entry.names) for entry in story.cleared])}: {proof.text}"


def _notices(view: View, width: int) -> Iterator[Text]:
    """What a reader must know of the scan itself: files left out, unused suppressions, expired baseline, dispatch."""
    document, said = view.document, []
    if document.files.skipped:
        said.append(f"{count(document.files.skipped, 'file')} not read")
    for suppression in document.suppressions:
        place, codes = f"{suppression.file}:{suppression.line}", listed(suppression.codes) or "everything"
        if not suppression.used:
            said.append(f"{place}: suppression of {codes} no longer suppresses anything")
        elif suppression.added:
            said.append(f"{place}: this change suppresses {codes}: {suppression.reason or 'no reason given'}")
    if document.baseline is not None and document.baseline.expired:
        number = count(len(document.baseline.expired), "entry").replace("entrys", "entries")
        said.append(f"{document.baseline.file}: {number} no longer found; write the baseline anew")
    said += [note.message for note in document.notes if view.options.verbose or note.kind == "assumed"]
    for text in said:
        rows = textwrap.wrap(one_line(text), width - 6) or [""]
        yield Text.assemble(("note: ", "bold cyan"), rows[0])
        yield from (Text("      " + row) for row in rows[1:])
    if said:
        yield Text()


def _verdict(view: View, width: int) -> Iterator[Text]:
    overview, gate = view.overview, view.gate
    style = "bold green" if gate.passed else "bold red"
    rows = textwrap.wrap(f"{overview.verdict} ({numbers(gate)}).", width)
    yield from (Text(row, style="bold") for row in rows)
    word = "passed" if gate.passed else "failed"
    body = textwrap.wrap(f"Gate {word}: {one_line(gate.reason)}.", width)
    yield from (Text(row, style=style) for row in body)
    if not view.options.quiet:
        for command, why in next_steps(view):
            yield Text.assemble(("  next: ", "bold"), f"{command:<40}  ", (why, "dim"))
