"""A counter of visits that may lose one: an accepted finding."""

from mcp.server.mcpserver import MCPServer

server = MCPServer("visits")
VISITS = {"count": 0}


@server.tool()
def visit() -> str:  # toolaudit: ignore[lost-update] an estimate is enough
    """Count a visit."""
    VISITS["count"] = VISITS["count"] + 1
    return "welcome"
