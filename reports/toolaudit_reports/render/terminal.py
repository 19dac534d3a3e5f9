"""Text for people: the tools in a table, each story in a frame, whether the gate passed and what to run next."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

import msgspec
from rich.console import Console, RenderableType
from rich.text import Text

from toolaudit_reports.findings import Entry
from toolaudit_reports.lines import Change, plain
from toolaudit_reports.overview import numbers
from toolaudit_reports.pairs import listed, pair_text, pairs_by_code
from toolaudit_reports.proofs import count
from toolaudit_reports.render.commands import next_steps
from toolaudit_reports.render.frame import digits_of, draw, remark
from toolaudit_reports.render.told import Told, place
from toolaudit_reports.render.told import moved as elsewhere
from toolaudit_reports.render.tool_table import table
from toolaudit_reports.sanitise import one_line
from toolaudit_reports.snippets import marked_lines
from toolaudit_reports.stories import Story, headline
from toolaudit_reports.upgrades import pair_names, upgrades
from toolaudit_reports.view import Options, View

FRAMED, BRIEF = 20, 60
"""So many stories are framed, so many more get a line."""
MOVED, TURNED = 24, 40
"""So many tools and pairs of an upgrade are listed."""
NO_MARKS: Mapping[str, str] = MappingProxyType({})
STYLES = {"error": "bold red", "warning": "bold yellow", "note": "bold cyan"}


class Brief(msgspec.Struct, frozen=True):
    """A text, what stands before and behind its stories ready: small enough to be kept, so that the text can be written again at other
    lines."""

    head: str
    framed: tuple[Told, ...]
    listed: tuple[Told, ...]
    left: int
    tail: str


def write(view: View) -> str:
    """The whole text; styles only when `options.color`."""
    return compose(brief(view), view.options)


def brief(view: View, messages: Mapping[str, str] = NO_MARKS) -> Brief:
    """What the text of a view says. `messages`: those that name lines, with marks, by fingerprint."""
    options = view.options
    width = max(options.width, 40)
    stories = [story for story in view.stories if options.verbose or not story.settled] if not options.quiet else []
    framed = len(stories) if options.verbose else FRAMED
    return Brief(
        head="" if options.quiet else _printed(_head(view, width), options),
        framed=tuple(_told(story, view, messages, True) for story in stories[:framed]),
        listed=tuple(_told(story, view, messages, False) for story in stories[framed : framed + BRIEF]),
        left=max(len(stories) - framed - BRIEF, 0),
        tail=_printed(_tail(view, width), options),
    )


def moved(known: Brief, change: Change) -> Brief:
    """The same at the lines where it is now. KeyError for a line that nothing is known of."""
    framed, listed = (tuple(elsewhere(one, change) for one in some) for some in (known.framed, known.listed))
    return msgspec.structs.replace(known, framed=framed, listed=listed)


def compose(known: Brief, options: Options) -> str:
    """The text of a brief."""
    body = _printed(_stories(known, max(options.width, 40)), options)
    whole = known.head + body + known.tail
    return "".join(line.rstrip() + "\n" for line in whole.splitlines()).lstrip("\n")


def _printed(parts: Iterable[RenderableType], options: Options) -> str:
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
    for part in parts:
        console.print(part, soft_wrap=isinstance(part, Text))
    return out.getvalue()


def _head(view: View, width: int) -> Iterator[RenderableType]:
    if view.document.tools:
        yield from table(view)
    if view.options.verbose:
        yield from _unresolved(view, width)


def _stories(known: Brief, width: int) -> Iterator[RenderableType]:
    for one in known.framed:
        yield Text()
        yield from _story(one, width)
    if known.listed:
        yield Text()
        yield from (_brief(one) for one in known.listed)
        yield Text(f"… and {known.left} more (--verbose frames all)" if known.left else "(--verbose frames all)", style="dim")


def _tail(view: View, width: int) -> Iterator[RenderableType]:
    if not view.options.quiet:
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
        nothing = not (told.moved or told.turned)
        yield Text(
            one_line(f"{told.title} {told.outcome}." if nothing else f"{told.title}: {told.outcome}"), style="" if nothing else "bold"
        )
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


def _brief(one: Told) -> Text:
    """One line a story, as editors and `grep` like it."""
    return Text.assemble(
        f"{one_line(one.place)}: ",
        (f"{one.severity}[{one.name}]", STYLES[one.severity]),
        f" {one_line(plain(one.headline))}",
    )


def _story(one: Told, width: int) -> Iterator[Text]:
    style = STYLES[one.severity]
    yield from _title(one, style, width)
    yield from draw(one.place, one.lines, width, style)
    digits = digits_of(one.lines)
    for label, text in one.remarks:
        yield from remark(label, plain(text), digits, width)


def _title(one: Told, style: str, width: int) -> Iterator[Text]:
    label = f"{one.severity}[{one_line(one.name)}]"
    state = "" if one.status == "open" else f" ({one.status})"
    rows = textwrap.wrap(f"{label}{state}: {one_line(plain(one.headline))}", width, subsequent_indent="  ")
    for number, row in enumerate(rows):
        text = Text(row, style="bold")
        if number == 0:
            text.stylize(style, 0, len(label))
        yield text


def _told(story: Story, view: View, messages: Mapping[str, str], framed: bool) -> Told:
    lead = story.lead
    return Told(
        name=lead.name,
        severity=lead.severity,
        status=lead.status,
        file=lead.file,
        line=lead.line,
        column=lead.column,
        headline=headline(story, messages.get(lead.fingerprint, lead.message)),
        lines=marked_lines(lead, view.document.sources) if framed else (),
        remarks=tuple(_remarks(story, view)) if framed else (),
    )


def _remarks(story: Story, view: View) -> Iterator[tuple[str, str]]:
    lead, verbose = story.lead, view.options.verbose
    if lead.pair:
        for name, pairs in pairs_by_code(story.stands or story.parts, every=verbose):
            yield ("clashes" if name in (lead.name, "") else "also"), f"{pairs} ({name})" if name else pairs
        yield "bites", _bites(lead, view.document.runner)
    elif story.folded:
        places = [place(entry.file, entry.line, entry.column) for entry in story.entries[1:]]
        yield "also", listed(places, len(places) if verbose else 6)
    yield "confidence", lead.confidence
    proofs = list(_proofs(story, view))
    for text in proofs if verbose or len(proofs) <= 4 else (*proofs[:3], proofs[-1]):
        yield "proof", text
    if lead.suppression is not None:
        yield "accepted", f"{lead.suppression.reason or 'no reason given'} ({lead.suppression.origin})"
    if lead.help:
        yield "help", lead.help
    for entry in story.entries if view.proofs else ():
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
    for entry in story.standing if view.proofs else ():
        proof = view.proof(entry)
        if proof is not None:
            whose = "" if entry is story.lead else f"{pair_text(entry.names)} ({entry.name}): "
            yield whose + proof.text
    proof = view.proof(story.cleared[0]) if len(story.stands) < len(story.parts) else None
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
