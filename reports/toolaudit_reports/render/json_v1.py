"""The scan document as indented JSON, its summary filled in."""

from __future__ import annotations

import msgspec

from toolaudit_reports.document import encode
from toolaudit_reports.summary import summarise
from toolaudit_reports.view import View


def write(view: View) -> str:
    """The document itself: field names and meaning are those of the shipped schema."""
    document = view.document
    if document.summary is None:
        document = msgspec.structs.replace(document, summary=summarise(document))
    return encode(document, indent=2).decode() + "\n"
