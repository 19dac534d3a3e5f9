"""The scan document as JSON, its summary filled in: indented, and on one line where there is more than anybody reads."""

from __future__ import annotations

import msgspec

from toolaudit_reports.document import encode
from toolaudit_reports.summary import summarise
from toolaudit_reports.view import View

MANY = 5_000
"""Conflicts. Above, white space alone would be a third of the document."""


def write(view: View) -> str:
    """The document itself: field names and meaning are those of the shipped schema."""
    document = view.document
    if document.summary is None:
        document = msgspec.structs.replace(document, summary=summarise(document))
    return encode(document, indent=0 if on_one_line(len(document.conflicts)) else 2).decode() + "\n"


def on_one_line(conflicts: int) -> bool:
    """Whether `write` gives of a document with so many conflicts, and a summary, what `encode` gives, and a line's end."""
    return conflicts > MANY
