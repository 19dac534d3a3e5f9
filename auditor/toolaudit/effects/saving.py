"""Files that objects and functions leave which nobody has described: a picture, a chart, a table, a document, a download."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from toolaudit.effects.frame import Frame
from toolaudit.effects.keys import ANY, parts_of
from toolaudit.effects.values import CLEAN, Data, Handle, Scalar, Taint, Text, Value, join_taint, taints
from toolaudit.model import Resource

if TYPE_CHECKING:
    from toolaudit.effects.arguments import Arguments

_LEAVES = re.compile(r"(?:^|_)(?:download|export|dump)(?:_|$)")
_OUTPUTS = re.compile(r"(?:^|_)(?:file|path|filename|filepath|dir|output|out|dest|destination|dst|target)$")


def left_behind(frame: Frame, name: str, arguments: Arguments, taint: Taint, line: int) -> Taint:
    """The file that a foreign `download(url, file=path)` leaves, where an argument names one."""
    found: Taint = CLEAN
    if not _LEAVES.search(name):
        return found
    paths = [value for value in arguments.args if isinstance(value.form, Handle) and value.form.type == "pathlib.Path"]
    for value in [*paths, *(value for key, value in arguments.keywords if _OUTPUTS.search(key))]:
        if isinstance(value.form, Scalar) and not isinstance(value.form.value, str):
            continue
        if not isinstance(value.form, Handle) or value.form.type == "pathlib.Path":
            key = parts_of(value) or (ANY,)
            found |= frame.emit(Resource("file", key), "w", "write", line, data=taint, repeat="same", confidence="name-only")
    return found


_SAVES = re.compile(
    r"save(?:_?as|_?fig|_to_(?:file|disk|path)|_pretrained|_model|_weights|_checkpoint)?|to_(?:file|csv|tsv|excel|parquet|feather|pickle|hdf|stata|orc|html|json|xml|latex|markdown|netcdf|zarr)"
    r"|write_(?:to_)?(?:file|disk|image|html|png|jpg|jpeg|svg|pdf|gif|json|csv|parquet|excel|videofile|audiofile)"
    r"|export(?:_to)?_(?:file|png|svg|pdf|csv|html|json|image)|download_(?:pdf|source|to_(?:file|filename))|render_to_file|dump_to_file"
)


def saved_to(frame: Frame, receiver: Value, name: str, arguments: Arguments, line: int) -> Value | None:
    """The file that a method called so writes when it is given a name: no text, number or plain container has such a method."""
    if receiver.loc is not None or not _SAVES.fullmatch(name):
        return None
    given = [*arguments.args[:1], *(value for key, value in arguments.keywords if _OUTPUTS.search(key))]
    at = next((value for value in given if _is_path(value)), None)
    if at is None:
        return None
    data = join_taint(taints(arguments.all()), receiver.taint)
    frame.io += 1
    target = Resource("file", parts_of(at) or (ANY,))
    return Value(Data(), frame.emit(target, "w", "write", line, data=data, repeat="same", confidence="name-only"))


def _is_path(value: Value) -> bool:
    form = value.form
    if isinstance(form, Scalar):
        return isinstance(form.value, str)
    return isinstance(form, Text) or (isinstance(form, Handle) and form.type == "pathlib.Path")
