"""Every output format behind one function; a format's libraries are imported when it is asked for."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module

from toolaudit_reports.document import EvidenceDocument, ScanDocument
from toolaudit_reports.findings import Entry
from toolaudit_reports.gate import Gate
from toolaudit_reports.view import Options, View, prepare

__all__ = ["FORMATS", "Options", "UnknownFormat", "is_document", "job_summary", "render"]

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
    entries: tuple[Entry, ...] | None = None,
) -> str:
    """The document in one of FORMATS, as text that ends in a newline. `entries` as for `decide`. Raises UnknownFormat."""
    if format not in _MODULES:
        raise UnknownFormat(f"unknown format {format!r}; one of {', '.join(FORMATS)}")
    view: View = prepare(document, gate=gate, evidence=evidence, options=options, entries=entries)
    text: str = import_module(f"toolaudit_reports.render.{_MODULES[format]}").write(view)
    return text


def is_document(format: str, document: ScanDocument) -> bool:  # noqa: A002
    """Whether that format of the document is the document's own bytes and a line's end, so that nobody need hold it whole."""
    if format != "json":
        return False
    from toolaudit_reports.render.json_v1 import on_one_line

    return on_one_line(document)


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
