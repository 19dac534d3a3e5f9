"""read_text, then write_text. Depth 1."""

from pathlib import Path

NOTES = Path("notes.md")


def prepare():
    NOTES.write_text("")


def append_note(line):
    body = NOTES.read_text()
    NOTES.write_text(body + line + "\n")
    return "saved"


EXPECTED = "racy"
RESOURCES = {"file:notes.md"}
CALLS = [(append_note, "x"), (append_note, "y")]
