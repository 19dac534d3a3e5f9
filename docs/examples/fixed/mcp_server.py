"""The notes, the customers and the lookup as an MCP server (`mcp` 2: synchronous tools run in threads)."""

from mcp.server.mcpserver import MCPServer
from mcp.types import ToolAnnotations

from . import customers, lookup, notes

server = MCPServer("desk")


@server.tool()
def add_note(text: str) -> str:
    """Append a note and say how many there are."""
    return notes.add_note(text)


@server.tool(annotations=ToolAnnotations(read_only_hint=True))
def list_notes() -> list[str]:
    """All notes, oldest first."""
    return notes.list_notes()


@server.tool(annotations=ToolAnnotations(read_only_hint=True))
def find_customer(name: str) -> str:
    """Look a customer up."""
    return customers.find_customer(name)


@server.tool()
def write_offer(name: str, text: str) -> str:
    """Write an offer to the customer of that name."""
    return customers.write_offer(name, text)


@server.tool()
async def look_up(term: str) -> str:
    """Define a term. Costs one request of the quota."""
    return await lookup.look_up(term)


if __name__ == "__main__":
    server.run()
