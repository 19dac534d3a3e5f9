"""A pair of values written one by one and read together: a torn read. Depth 1."""

POSITION = {"x": 0, "y": 0}


def move(x, y):
    POSITION["x"] = x
    POSITION["y"] = y
    return "ok"


def where():
    return dict(POSITION)


EXPECTED = "racy"
RESOURCES = {"memory:POSITION"}
CALLS = [(move, 3, 4), (where,)]
