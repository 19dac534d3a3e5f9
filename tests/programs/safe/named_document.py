"""The document is an argument all the way."""

DOCS = {"a": [], "b": []}


def edit(name, text):
    DOCS[name].append(text.upper())
    return "ok"


CALLS = [(edit, "a", "x"), (edit, "b", "y")]
