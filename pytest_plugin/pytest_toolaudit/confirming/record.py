"""Trials → the evidence document, which `toolaudit report` merges with the scan."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, cast

import msgspec

from pytest_toolaudit.confirming.otherwise import left_otherwise
from pytest_toolaudit.confirming.outcomes import Trial
from pytest_toolaudit.evidence import witness
from toolaudit import __version__
from toolaudit_reports import document as out


def collected(items: Iterable[out.EvidenceItem], *, runner: str, seed: int) -> out.EvidenceDocument:
    """The document of one confirm run."""
    ordered = tuple(sorted(items, key=lambda i: (i.tools, i.code, i.fingerprint)))
    return out.EvidenceDocument(schema=out.SCHEMA, version=__version__, runner=runner, items=ordered, seed=seed)


def items_of(trial: Trial, root: Path, from_here: str = "") -> list[out.EvidenceItem]:
    """One trial as items: the clash that was tried, then those that its batch decided too. Paths are relative to `root`; the command that
    replays one has `from_here` before them.

    A clash on whose resource the witness does not turn is not confirmed by it: the item says where the other clash was found.
    """
    first = _item(trial, root, from_here)
    shared = msgspec.structs.replace(first, witness=None) if first.verdict != "confirmed" else first
    return [first] + [
        msgspec.structs.replace(
            shared if trial.verdict != "confirmed" or clash.fingerprint in trial.proved else _another(first, trial),
            fingerprint=clash.fingerprint,
            resource=out.Resource(kind=clash.kind, key=clash.key),
        )
        for clash in trial.work.covers
    ]


def _another(item: out.EvidenceItem, trial: Trial) -> out.EvidenceItem:
    seen = left_otherwise(trial.found) if trial.found is not None else ()
    reason = f"another clash was found, on {', '.join(seen[:4])}"
    return msgspec.structs.replace(item, verdict="not-reproduced", witness=None, exhausted=False, kind="inconclusive", reason=reason)


def _item(trial: Trial, root: Path, from_here: str) -> out.EvidenceItem:
    work, found = trial.work, trial.found
    names = found.names if found is not None else [tool.name for tool in work.tools]
    return out.EvidenceItem(
        fingerprint=work.fingerprint,
        code=work.code,
        tools=tuple(tool.id for tool in work.tools),
        resource=out.Resource(kind=work.resource_kind, key=work.key),
        verdict=cast("Literal['confirmed', 'not-reproduced', 'cannot-run']", trial.verdict),
        schedules=trial.schedules,
        preemptions=found.preemptions if found is not None else 0,
        exhausted=found.exhausted and not trial.elsewhere if found is not None else False,
        witness=witness(found, root, _replay(from_here + work.name)) if found is not None and trial.verdict == "confirmed" else None,
        calls=tuple(
            out.Call(label=label, tool=tool.id, arguments={k: repr(v) for k, v in arguments.items()})
            for label, tool, arguments in zip(names, work.tools, trial.arguments, strict=False)
        ),
        reason="; ".join(filter(None, (_contrast(trial), trial.reason + (f" ({trial.remedy})" if trial.remedy else "")))),
        kind="inconclusive" if trial.elsewhere else found.kind if found is not None else "",
        masked=found.masked if found is not None else (),
        unobserved=found.unobserved if found is not None else (),
    )


def _contrast(trial: Trial) -> str:
    """What the same calls did with keys that differ."""
    if trial.apart is None:
        return ""
    keys = ", ".join(dict.fromkeys(trial.work.keys[1]))
    if trial.apart.kind in ("independent", "serializable"):
        return f"with another {keys} the two do not clash ({trial.apart.schedules} schedules)"
    return f"with another {keys} too: {trial.apart.kind}"


def _replay(name: str) -> str:
    """The command that runs one item: `-k` takes words of its name, and no `|`."""
    file, _, rest = name.partition("::")
    words = dict.fromkeys(re.findall(r"[\w.:-]+", rest))
    return f"toolaudit confirm {file} -- -k '{' and '.join(words)}'"


def properties(trial: Trial) -> list[tuple[str, str]]:
    """For junit XML: the verdict, what the item is about, and of a confirmed one what it takes to see it again."""
    work, found = trial.work, trial.found
    said = [("toolaudit.verdict", trial.verdict), ("toolaudit.code", work.code), ("toolaudit.resource", f"{work.resource_kind}:{work.key}")]
    if found is not None and trial.verdict == "confirmed":
        said += [("toolaudit.failure", found.failure)] if found.failure else []
        said += [("toolaudit.schedule", found.witness.schedule)] if found.witness is not None else []
    return said


def told(trial: Trial) -> str:
    """A failure's text: what was found, who was called with what, and the story."""
    found = trial.found
    assert found is not None
    return "\n".join(filter(None, (found.render(), _contrast(trial), trial.reason)))
