"""The story of a verdict as text: columns of code lines, the outcome, what it should have been, how to fix it."""

from __future__ import annotations

import linecache
import os
import textwrap
from collections.abc import Iterable, Sequence

from pytest_toolaudit.engine.turn import READ, WRITE
from pytest_toolaudit.oracle.compare import Outcome, nearest, readable, show_result
from pytest_toolaudit.search.named import Step
from pytest_toolaudit.verdict import FAILS, Verdict, Witness

_FIXES = {
    "memory": "hold one lock from the first read to the last write, or make it one atomic operation",
    "file": "hold one lock across read and write, write a temporary file and os.replace it, or create with mode 'x'",
    "dir": "create with exist_ok or mode 'x' and handle the error, instead of looking first",
    "env": "pass the value as an argument (subprocess: env=…) instead of changing os.environ",
    "cwd": "use absolute paths (subprocess: cwd=…) instead of os.chdir",
    "sql": "one statement (UPDATE … SET n = n + 1), or a transaction that locks before it reads (BEGIN IMMEDIATE)",
    "redis": "one command (INCR, SETNX), or WATCH/MULTI or a script",
    "http": "an idempotency key or a conditional request (If-Match) on the server's side",
    "other": "no process-wide state: pass it as an argument",
}
_ONE_ORDER = "take the locks in the same order everywhere, or use one lock"
_GIVE_UP = "let the loop give up after some time, and say so"
_SERIAL = "or declare the tools as not parallel, so that the runner starts them one after the other"
_MARK = "⇄ "


def _cut(text: str, width: int) -> str:
    text = " ".join(text.split())
    return text if len(text) <= width else text[: max(1, width - 1)] + "…"


def _said(step: Step) -> str:
    verb = {READ: "reads", WRITE: "writes"}.get(step.kind, step.kind)
    value = f" ({'=' if step.kind == READ else 'was '}{step.value})" if step.value is not None else ""
    how = f" ({step.text})" if not step.resource.startswith("memory:") and step.kind in (READ, WRITE) else ""
    return f"{verb} {step.resource}{how}{value}"


def _code(step: Step) -> str:
    line = linecache.getline(step.file, step.line).strip() if step.file else ""
    return line or step.text


def relevant(steps: Sequence[Step], resources: Iterable[str]) -> list[Step]:
    """The steps that tell the story: accesses of what the calls share, locks, and preemptions."""
    shared = set(resources)
    return [s for s in steps if s.resource in shared or s.preempted_to is not None or (s.kind == "acquire" and s.line)]


def columns(witness: Witness, width: int = 100) -> str:
    """One column a call; each row is one access: its line, then what it read or wrote. Preemptions are marked."""
    names = witness.names
    used = sorted({step.call for step in witness.steps})
    if not used:
        return ""
    room = max(28, (width - 3 * (len(used) - 1)) // len(used))
    head = " │ ".join(_cut(f"{witness.calls[c]}  #{names[c].rpartition('#')[2]}", room).ljust(room) for c in used)
    rows = [head.rstrip(), "─┼─".join("─" * room for _ in used)]
    last: tuple[int, str, int] | None = None
    for step in relevant(witness.steps, witness.resources):
        if step.preempted_to is not None:
            note = _cut(f"{_MARK}preempted before line {step.line}: {names[step.preempted_to]} runs", room)
            rows.append(_row(used, step.call, room, note))
            last = None
            continue
        here = (step.call, step.file, step.line)
        if here != last:
            place = f"{step.line:>4}  " if step.line else "      "
            rows.append(_row(used, step.call, room, _cut(place + _code(step), room)))
        rows.append(
            _row(
                used,
                step.call,
                room,
                _cut("        " + _said(step), room) if len(_said(step)) + 8 > room else "        " + _said(step),
            )
        )
        last = here
    return "\n".join(rows)


def _row(used: Sequence[int], call: int, room: int, text: str) -> str:
    return " │ ".join((text if c == call else "").ljust(room) for c in used).rstrip()


def _order_text(order: Sequence[int], names: Sequence[str]) -> str:
    return " then ".join(names[call] for call in order)


def _differing(outcome: Outcome, serial: Iterable[Outcome], names: Sequence[str]) -> list[str]:
    fields = [dict(o.fields(names)) for o in serial]
    return [name for name, value in outcome.fields(names) if any(f.get(name) != value for f in fields)]


def _outcome_lines(outcome: Outcome, names: Sequence[str], wanted: Sequence[str], others: Iterable[Outcome]) -> list[str]:
    lines = []
    there = [dict(other.state) for other in others]
    for name, value in outcome.fields(names):
        if name in wanted:
            shown = show_result(value) if name in names else "= " + readable(value, [o.get(name) for o in there])
            lines.append(f"    {name} {shown}")
    return lines


def _meet(verdict: Verdict) -> bool:
    """Whether the calls wait for each other, so that what they are compared with are orders of the stretches between."""
    return any(len(order) > len(verdict.names) for order, _ in verdict.serial_outcomes)


def headline(verdict: Verdict) -> str:
    """The verdict in one sentence."""
    batch = ", ".join(map(str, verdict.calls))
    on = f" on {', '.join(verdict.resources[:4])}" if verdict.resources else ""
    if verdict.kind == "racy":
        order = "order in which they run undisturbed between their meetings" if _meet(verdict) else "serial order"
        return f"{verdict.failure}{on}: this interleaving of {batch} equals no {order}" + (
            f"; {verdict.problem}" if verdict.problem else ""
        )
    if verdict.kind in ("deadlock", "livelock"):
        return f"{verdict.kind}: {verdict.problem or 'no order of ' + batch + ' comes to an end'}"
    if verdict.kind == "order-dependent":
        return f"{verdict.failure or 'order-dependent'}{on}: the outcome of {batch} depends on which call runs first"
    if verdict.kind == "nondeterministic":
        return f"nondeterministic: {batch} does not repeat its own steps, so nothing can be proved about it"
    if verdict.kind == "inconclusive":
        if verdict.problem:
            return f"inconclusive: {verdict.problem}"
        why = f"not observed: {', '.join(verdict.unobserved)}" if verdict.unobserved else "the search was cut short"
        return f"inconclusive: {batch} ({why})"
    return f"{verdict.kind}: {batch}"


def reach(verdict: Verdict) -> str:
    """How far the search went."""
    if verdict.traces:
        proof = "one for each order of dependent accesses (all Mazurkiewicz traces)"
        return f"{verdict.schedules} schedules run; exhaustive: {verdict.traces} schedules, {proof}"
    if verdict.exhausted:
        bound = f"every schedule with up to {verdict.preemptions} preemptions at conflicting accesses"
        return f"{verdict.schedules} schedules run; {bound} was among them"
    return f"{verdict.schedules} schedules run" + (f"; {verdict.covered} was among them" if verdict.covered else "")


def fixes(verdict: Verdict) -> list[str]:
    """What to do about it, by kind of resource."""
    if verdict.kind in ("deadlock", "livelock"):
        return [_GIVE_UP if verdict.kind == "livelock" else _ONE_ORDER, _SERIAL]
    if verdict.kind == "order-dependent":
        return ["start the call that needs the other only after it, or make it one tool", _SERIAL]
    kinds = dict.fromkeys(resource.partition(":")[0] for resource in verdict.resources)
    return [*[_FIXES[kind] for kind in kinds if kind in _FIXES], _SERIAL]


def story(verdict: Verdict, width: int = 100) -> str:
    """Headline, timeline, outcome against serial outcomes, fix, and how to replay."""
    names = verdict.names
    lines = [headline(verdict), ""]
    witness = verdict.witness
    if witness is not None:
        lines += [columns(witness, width), ""]
    serial = nearest(verdict.outcome, verdict.serial_outcomes)
    if verdict.kind in (*FAILS, "order-dependent"):
        differing = _differing(verdict.outcome, [o for _, o in serial], names)
        lines.append("  outcome:" if verdict.kind != "order-dependent" else "  outcome of the given order:")
        lines += _outcome_lines(verdict.outcome, names, differing, [o for _, o in serial])
        for order, outcome in serial[:4]:
            if verdict.kind == "order-dependent" and outcome == verdict.outcome:
                continue
            lines.append(f"  {'outcome' if _meet(verdict) else 'serial outcome'} of {_order_text(order, names)}:")
            lines += _outcome_lines(outcome, names, differing, [verdict.outcome])
        if len(serial) > 4:
            lines.append(f"  and {len(serial) - 4} more serial outcomes")
        lines.append("")
        lines += [f"  fix: {fix}" if i == 0 else f"       {fix}" for i, fix in enumerate(fixes(verdict))]
    if verdict.masked:
        lines.append(f"  not compared, it differs from run to run: {', '.join(verdict.masked)}")
    if verdict.unobserved:
        lines.append(f"  not observed: {', '.join(verdict.unobserved)} (pass observe= to look at it)")
    lines += [f"  note: {note}" for note in verdict.notes]
    lines.append(f"  {reach(verdict)}")
    if witness is not None:
        lines.append(f"  replay: toolaudit.replay_schedule({witness.schedule!r})")
        lines.append(f"      or: pytest --toolaudit-replay={_shell(witness.schedule)}")
    return "\n".join(lines)


def _shell(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'" if os.name != "nt" else textwrap.shorten(text, 8000)
