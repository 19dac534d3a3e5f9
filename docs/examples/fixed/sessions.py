"""Orders without an order of calls: each tool opens the session it needs, and opening it twice changes nothing."""

import threading

SESSIONS: dict[str, dict] = {}
ORDERS: list[dict] = []
NUMBERS = {"next": 1}
LOCK = threading.Lock()


def sign_in(user: str) -> str:
    """Open the user's session, unless it is open."""
    with LOCK:
        if user not in SESSIONS:
            SESSIONS[user] = {"user": user}
    return f"signed in as {user}"


def list_orders(user: str) -> list[dict]:
    """The orders of a user."""
    sign_in(user)
    with LOCK:
        return [order for order in ORDERS if order["user"] == user]


def place_order(user: str, item: str) -> int:
    """Place an order under the next free number."""
    with LOCK:
        number = NUMBERS["next"]
        ORDERS.append({"number": number, "user": user, "item": item})
        NUMBERS["next"] = number + 1
    return number
