"""Shared state inside an installed library that nobody instruments: TinyDB's JSON file. Depth 1."""

REQUIRES = "tinydb"


def remember(fact):
    from tinydb import TinyDB

    db = TinyDB("mem.json")
    try:
        db.insert({"fact": fact})
        return "ok"
    finally:
        db.close()


EXPECTED = "racy"
RESOURCES = {"file:mem.json"}
CALLS = [(remember, "x"), (remember, "y")]
