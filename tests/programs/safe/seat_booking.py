"""dict.setdefault decides in one step."""

SEATS = {}


def book_seat(seat, who):
    if SEATS.setdefault(seat, who) != who:
        return {"error": "taken"}
    return {"booked": seat, "by": who}


FAILURE = "timing dependency"  # whoever comes second is refused, in every order
CALLS = [(book_seat, "1A", "ann"), (book_seat, "1A", "bob")]
