"""A context store: one tool leaves its result there, and another tool picks it up."""

CUSTOMERS = {"Ada": 17, "Ben": 23}
OFFERS: list[tuple[int, str]] = []
CONTEXT: dict[str, int] = {}


def find_customer(name: str) -> str:
    """Look a customer up and make them the current one."""
    CONTEXT["customer"] = CUSTOMERS[name]
    return f"found {name}"


def write_offer(text: str) -> str:
    """Write an offer to the current customer."""
    customer = CONTEXT.get("customer", 0)
    OFFERS.append((customer, text))
    return f"offer to customer {customer}"
