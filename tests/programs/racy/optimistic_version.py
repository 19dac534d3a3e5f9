"""A version check that is not one step with its write. Depth 1."""

DOC = {"ver": 0, "body": ""}


def edit(text):
    for _ in range(3):
        version = DOC["ver"]
        body = DOC["body"]
        new = body + text
        if DOC["ver"] == version:
            DOC["body"] = new
            DOC["ver"] = version + 1
            return "ok"
    return "conflict"


EXPECTED = "racy"
RESOURCES = {"memory:DOC[body]", "memory:DOC[ver]"}
CALLS = [(edit, "x"), (edit, "y")]
