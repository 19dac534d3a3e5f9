"""Documents that tools expect to find: which kind a tool works on, and a small real one of each kind."""

from __future__ import annotations

import functools
import importlib
import inspect
import io
import json
import re
import sys
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from toolaudit_reports.document import Tool

PLAIN = "json"
_PARAMETER, _SUFFIX, _WORD, _MODULE = 8, 4, 1, 1


@functools.cache
def kinds() -> Mapping[str, Mapping[str, list[str]]]:
    """Kind (its suffix) → how it is recognised, from documents.toml."""
    return tomllib.loads(Path(__file__).with_name("documents.toml").read_text(encoding="utf-8"))


def kind_of(function: Callable[..., Any], tool: Tool) -> str:
    """The suffix of the documents that a tool works on; `json` where nothing tells."""
    plain = inspect.unwrap(getattr(function, "func", function))
    plain = getattr(plain, "__func__", plain)
    text = _text(plain)
    space = vars(sys.modules[plain.__module__]) if getattr(plain, "__module__", "") in sys.modules else {}
    imported = {str(getattr(value, "__name__", "")).partition(".")[0] for value in space.values() if inspect.ismodule(value)}
    imported |= {str(getattr(value, "__module__", "")).partition(".")[0] for value in space.values() if inspect.isclass(value)}
    keys = " ".join(resource.key for resource in tool.resources)
    names = [parameter.name.lower() for parameter in tool.parameters]
    best, most = PLAIN, 0
    for kind, known in kinds().items():
        parts = "|".join(map(re.escape, known["suffixes"]))
        said = _PARAMETER * any(re.search(rf"(^|_)({parts})(_|$)", name) for name in (*names, tool.name.lower()))
        said += _SUFFIX * (len(re.findall(rf"\.({parts})\b", text)) + len(re.findall(rf"\.({parts})\b", keys)))
        said += _WORD * sum(text.lower().count(word) for word in known["words"]) + _MODULE * len(imported & set(known["modules"]))
        if said > most:
            best, most = kind, said
    return best


def _text(function: Any) -> str:
    try:
        return f"{inspect.getdoc(function) or ''}\n{inspect.getsource(function)}"
    except (OSError, TypeError):
        return inspect.getdoc(function) or ""


@functools.cache
def content(kind: str) -> bytes | None:
    """A small document of the kind, made with its library where it needs one; None where that is not installed."""
    make = MAKERS.get(kind)
    try:
        return make() if make is not None else None
    except Exception:  # not installed, or of a version that works otherwise
        return None


def _docx() -> bytes:
    document = importlib.import_module("docx").Document()
    document.add_heading("alpha", level=1)
    document.add_paragraph("alpha beta gamma")
    table = document.add_table(rows=2, cols=2)
    for position, cell in enumerate(cell for row in table.rows for cell in row.cells):
        cell.text = f"cell {position}"
    return _saved(document.save)


def _xlsx() -> bytes:
    book = importlib.import_module("openpyxl").Workbook()
    sheet = book.active
    sheet.title = SHEET
    for row in ROWS:
        sheet.append(row)
    return _saved(book.save)


def _pptx() -> bytes:
    show = importlib.import_module("pptx").Presentation()
    for title in ("alpha", "beta"):
        slide = show.slides.add_slide(show.slide_layouts[1])
        slide.shapes.title.text = title
    return _saved(show.save)


def _saved(save: Callable[[io.BytesIO], object]) -> bytes:
    target = io.BytesIO()
    save(target)
    return target.getvalue()


def _pdf() -> bytes:
    stream = b"BT /F1 12 Tf 20 20 Td (alpha) Tj ET"
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 100]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    )
    written, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(written))
        written += b"%d 0 obj%s endobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return written + b"xref\n0 6\n0000000000 65535 f \n%strailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (table, len(written))


def _png() -> bytes:
    import struct
    import zlib

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    pixels = zlib.compress((b"\0" + b"\xff\0\0" * 4) * 4)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 4, 8, 2, 0, 0, 0)) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


def _ipynb() -> bytes:
    cell: dict[str, Any] = {
        "cell_type": "code",
        "execution_count": None,
        "id": "alpha",
        "metadata": {},
        "outputs": [],
        "source": ["alpha = 1"],
    }
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


def _db() -> bytes:
    import contextlib
    import sqlite3

    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(f"CREATE TABLE {TABLE} (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO {TABLE} (name) VALUES ('one');")
        return bytes(connection.serialize())


def _csv() -> bytes:
    return "".join(",".join(map(str, row)) + "\n" for row in ROWS).encode()


SHEET = "Sheet1"
TABLE = "alpha"
ROWS = (("name", "value"), ("alpha", 1), ("beta", 2))
MAKERS: Mapping[str, Callable[[], bytes]] = {
    "docx": _docx,
    "xlsx": _xlsx,
    "pptx": _pptx,
    "pdf": _pdf,
    "png": _png,
    "ipynb": _ipynb,
    "db": _db,
    "csv": _csv,
    "yaml": lambda: b"name: alpha\nvalue: 1\n",
    "md": lambda: b"# alpha\n\nbeta\n",
    "txt": lambda: b"alpha\nbeta\n",
}
