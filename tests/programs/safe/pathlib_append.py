"""Append mode: one write at the end of the file."""


def prepare():
    open("notes.md", "w").close()


def append_note(line):
    with open("notes.md", "a") as f:
        f.write(line + "\n")
    return "saved"


CALLS = [(append_note, "x"), (append_note, "y")]
