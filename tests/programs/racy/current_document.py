"""'Current document' as hidden state between select and edit. Depth 1."""

DOCS = {"a": [], "b": []}
CURRENT = None


def edit(name, text):
    global CURRENT
    CURRENT = name
    line = text.upper()
    DOCS[CURRENT].append(line)
    return "ok"


EXPECTED = "racy"
RESOURCES = {"memory:CURRENT"}
CALLS = [(edit, "a", "x"), (edit, "b", "y")]
