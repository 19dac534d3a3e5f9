"""No context store: what a tool needs, it takes as an argument."""

CUSTOMERS = {"Ada": 17, "Ben": 23}
OFFERS: list[tuple[int, str]] = []


def find_customer(name: str) -> str:
    """Look a customer up."""
    return f"{name} is customer {CUSTOMERS[name]}"


def write_offer(name: str, text: str) -> str:
    """Write an offer to the customer of that name."""
    customer = CUSTOMERS[name]
    OFFERS.append((customer, text))
    return f"offer to customer {customer}"
