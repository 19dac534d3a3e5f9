"""Orders that need a session, which another tool opens."""

SESSION: dict[str, str] = {}
ORDERS: list[dict] = []
NUMBERS = {"next": 1}


def sign_in(user: str) -> str:
    """Open the session."""
    SESSION["user"] = user
    return f"signed in as {user}"


def list_orders() -> list[dict]:
    """The orders of the user who signed in."""
    if "user" not in SESSION:
        raise PermissionError("sign in first")
    return [order for order in ORDERS if order["user"] == SESSION["user"]]


def place_order(user: str, item: str) -> int:
    """Place an order under the next free number."""
    number = NUMBERS["next"]
    ORDERS.append({"number": number, "user": user, "item": item})
    NUMBERS["next"] = number + 1
    return number
