"""Where each format goes: `--format` and `--output` pairs, written whole or not at all; the options that `scan` and `report` share."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from msgspec import Struct

from toolaudit.errors import ToolauditError

if TYPE_CHECKING:
    from toolaudit_reports.render import Options

FORMATS = ("text", "json", "sarif", "html", "markdown", "github", "gitlab", "junit")

FAIL_ON = ("error", "warning", "note", "never")


def result_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What becomes of a result: its formats and files, what fails the gate, and how much is told."""
    for option in (
        click.option("-v", "--verbose", is_flag=True, help="Frame every finding; also secondary effects and unresolved calls."),
        click.option("-q", "--quiet", is_flag=True, help="Only the verdict and the gate."),
        click.option("--strict", is_flag=True, default=None, help="Exit 4 when a file could not be read or a tool not be resolved."),
        click.option("--exit-zero", is_flag=True, help="Exit 0 instead of 1, 3 and 4."),
        click.option("--fail-on", type=click.Choice(FAIL_ON), help="Lowest severity that fails the gate [error]."),
        click.option(
            "--output",
            "outputs",
            multiple=True,
            metavar="[FORMAT=]FILE",
            help="Write to FILE instead of standard output; may be given several times.",
        ),
        click.option("--format", "formats", multiple=True, type=click.Choice(FORMATS), help="Output format; may be given several times."),
    ):
        command = option(command)
    return command


class Output(Struct, frozen=True):
    """One format and its file; standard output when `file` is None."""

    format: str
    file: Path | None


def plan_outputs(formats: Iterable[str], outputs: Iterable[str]) -> tuple[Output, ...]:
    """`--output FORMAT=FILE` writes that format; a bare `--output FILE` takes the next `--format`; what is left goes to standard output.

    Raises ToolauditError when two formats want standard output, or a file has no format.
    """
    waiting = list(formats)
    planned: list[Output] = []
    for text in outputs:
        head, equals, tail = text.partition("=")
        if equals and head in FORMATS:
            if head in waiting:
                waiting.remove(head)
            planned.append(Output(head, Path(tail)))
        elif waiting:
            planned.append(Output(waiting.pop(0), Path(text)))
        else:
            guessed = _format_of(Path(text))
            planned.append(Output(guessed, Path(text)))
    if len(waiting) > 1:
        raise ToolauditError(f"{' and '.join(waiting)} cannot share standard output; give all but one a file: --output {waiting[0]}=FILE")
    if waiting:
        planned.append(Output(waiting[0], None))
    elif all(output.file is not None for output in planned):
        planned.append(Output("text", None))
    return tuple(planned)


def _format_of(file: Path) -> str:
    by_suffix = {".json": "json", ".html": "html", ".htm": "html", ".sarif": "sarif", ".md": "markdown", ".xml": "junit", ".txt": "text"}
    if file.suffix not in by_suffix:
        raise ToolauditError(f"--output {file}: which format? Write --output FORMAT={file}, with one of {', '.join(FORMATS)}")
    return by_suffix[file.suffix]


def writable(file: Path) -> None:
    """Make sure of a target before long work: its folder is there, and it is no folder itself.

    Raises ToolauditError when it cannot be written.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ToolauditError(f"{file}: cannot be written ({error.strerror or error})") from None
    if file.is_dir():
        raise ToolauditError(f"{file}: cannot be written (Is a directory)")
    if not os.access(file.parent, os.W_OK):
        raise ToolauditError(f"{file}: cannot be written (no permission in {file.parent})")


def write(output: Output, text: str) -> None:
    """`write_pieces` of one text."""
    write_pieces(output, (text.encode(errors="backslashreplace"),))


def write_pieces(output: Output, pieces: Iterable[bytes]) -> None:
    """Write UTF-8 to the file, through a temporary one beside it, so that a failure leaves the old file whole; else to standard output.

    Raises ToolauditError when the file cannot be written.
    """
    if output.file is None:
        _print(pieces)
        return
    try:
        output.file.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=output.file.parent, prefix=f".{output.file.name}.")
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.writelines(_ended(pieces))
            temporary.chmod(0o666 & ~_umask())
            temporary.replace(output.file)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise ToolauditError(f"{output.file}: cannot be written ({error.strerror or error})") from None


def _print(pieces: Iterable[bytes]) -> None:
    """As text where the stream has other ideas of letters and line ends than the pieces."""
    text = sys.stdout
    buffer = getattr(text, "buffer", None)
    if buffer is not None and text.encoding.lower() in ("utf-8", "utf8") and os.linesep == "\n" and not text.isatty():
        text.flush()
        for piece in _ended(pieces):
            buffer.write(piece)
        buffer.flush()
    else:
        click.echo(b"".join(_ended(pieces)).decode(), nl=False)


def _ended(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The pieces, and the end of a line where there is none."""
    last = b""
    for piece in pieces:
        yield piece
        last = piece or last
    if not last.endswith(b"\n"):
        yield b"\n"


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


def view_options(output: Output, *, quiet: bool, verbose: bool, migration: bool = False) -> Options:
    """How a renderer shows it: the terminal's width and colours on a terminal, 100 plain columns elsewhere. NO_COLOR and FORCE_COLOR count."""
    from toolaudit_reports.render import Options

    screen = output.file is None and sys.stdout.isatty()
    color = not os.environ.get("NO_COLOR") and (screen or bool(os.environ.get("FORCE_COLOR"))) and output.file is None
    width = max(60, shutil.get_terminal_size().columns) if screen else 100
    return Options(color=color, width=width, quiet=quiet, verbose=verbose, migration=migration)


def interactive() -> bool:
    """Whether progress may be shown: standard error is a terminal."""
    return sys.stderr.isatty()
