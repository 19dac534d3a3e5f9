"""Every output format behind one function; a format's libraries are imported when it is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module

import msgspec

from toolaudit_reports.document import EvidenceDocument, ScanDocument
from toolaudit_reports.gate import Gate
from toolaudit_reports.lines import Change
from toolaudit_reports.parts import Part
from toolaudit_reports.view import Options, View, prepare

__all__ = ["FORMATS", "Options", "UnknownFormat", "again", "brief", "is_document", "job_summary", "render"]

_MODULES = {
    "text": "terminal",
    "json": "json_v1",
    "sarif": "sarif",
    "html": "page",
    "markdown": "markdown",
    "github": "github",
    "gitlab": "gitlab",
    "junit": "junit",
}
FORMATS: tuple[str, ...] = tuple(_MODULES)


class UnknownFormat(ValueError):  # noqa: N818  (a user's mistake, not a failure)
    """No such output format; the message lists those there are."""


def render(
    format: str,  # noqa: A002  (the command's own word)
    document: ScanDocument,
    *,
    gate: Gate | None = None,
    evidence: Iterable[EvidenceDocument] = (),
    options: Options | None = None,
) -> str:
    """The document in one of FORMATS, as text that ends in a newline. Raises UnknownFormat."""
    if format not in _MODULES:
        raise UnknownFormat(f"unknown format {format!r}; one of {', '.join(FORMATS)}")
    view: View = prepare(document, gate=gate, evidence=evidence, options=options)
    text: str = import_module(f"toolaudit_reports.render.{_MODULES[format]}").write(view)
    return text


def brief(
    format: str,  # noqa: A002
    document: ScanDocument,
    messages: Mapping[str, str],
    *,
    gate: Gate,
    options: Options,
    parts: tuple[Part, ...],
) -> bytes | None:
    """What it takes to write that format of a document, at other lines too, where that is small: of its conflicts it asks no more than the
    `parts`. `messages`: those that name lines, with marks, by fingerprint."""
    if format != "text" or options.verbose:
        return None
    from toolaudit_reports.render import terminal

    made = terminal.brief(prepare(document, gate=gate, options=options, parts=parts), messages)
    try:
        return msgspec.msgpack.encode(made)
    except UnicodeEncodeError:  # odd file names
        return None


def again(brief: bytes, change: Change, options: Options) -> tuple[str, bytes] | None:
    """The text of a brief at the lines where it is now, and the brief; None where a line is shown of which nothing is known."""
    from toolaudit_reports.render import terminal

    try:
        moved = terminal.moved(msgspec.msgpack.decode(brief, type=terminal.Brief), change)
    except (KeyError, msgspec.MsgspecError):
        return None
    return terminal.compose(moved, options), msgspec.msgpack.encode(moved)


def is_document(format: str, conflicts: int) -> bool:  # noqa: A002
    """Whether that format of a document with so many conflicts is the document's own bytes and a line's end, so that nobody need hold it whole."""
    if format != "json":
        return False
    from toolaudit_reports.render.json_v1 import on_one_line

    return on_one_line(conflicts)


def job_summary(
    document: ScanDocument,
    *,
    gate: Gate | None = None,
    evidence: Iterable[EvidenceDocument] = (),
    options: Options | None = None,
) -> str:
    """Markdown for the file that `GITHUB_STEP_SUMMARY` names, below its limit of 1 MiB; goes with format `github`."""
    from toolaudit_reports.render.markdown import SUMMARY, compose

    return compose(prepare(document, gate=gate, evidence=evidence, options=options), SUMMARY)
