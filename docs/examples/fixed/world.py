"""A fresh world for every schedule: the file, the table and the module globals that the tools share."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from . import accounts, customers, lookup, notes, sessions


def fresh_world(folder: Path) -> Path:
    """One note, Ada with 100 and Ben with 0, no offer, no session, no order, a quota of 5. The tools run in `folder`."""
    (folder / notes.NOTES_FILE).write_text(json.dumps(["buy milk"]), encoding="utf-8")
    (folder / accounts.DATABASE).unlink(missing_ok=True)
    with closing(sqlite3.connect(folder / accounts.DATABASE)) as db:
        db.execute("PRAGMA synchronous = OFF")  # a world that is thrown away need not survive a power cut
        db.execute(accounts.TABLE)
        db.execute("INSERT INTO accounts VALUES ('Ada', 100), ('Ben', 0)")
        db.commit()
    customers.OFFERS.clear()
    sessions.SESSIONS.clear()
    sessions.ORDERS.clear()
    sessions.NUMBERS["next"] = 1
    lookup.QUOTA["left"] = 5
    return folder
