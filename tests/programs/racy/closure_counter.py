"""State in a closure. Depth 1."""


def make_tool():
    count = 0

    def bump(n):
        nonlocal count
        count += n
        return "ok"

    return bump


BUMP = make_tool()
EXPECTED = "racy"
RESOURCES = {"memory:cell:count"}
CALLS = [(BUMP, 1), (BUMP, 2)]
