"""Membership test, then assignment. Depth 1."""

SEATS = {}


def book_seat(seat, who):
    if seat in SEATS:
        return {"error": "taken"}
    SEATS[seat] = who
    return {"booked": seat, "by": who}


EXPECTED = "racy"
RESOURCES = {"memory:SEATS[1A]"}
CALLS = [(book_seat, "1A", "ann"), (book_seat, "1A", "bob")]
