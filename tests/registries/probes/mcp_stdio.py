"""What a server over standard input and output answers to `tools/list`. Arguments: the command that starts it."""

import asyncio
import json
import os
import sys

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client


async def listed(command: list[str]) -> list[dict[str, str]]:
    server = StdioServerParameters(command=command[0], args=command[1:], env=dict(os.environ))
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123  (a stream that a child process writes to)
        async with stdio_client(server, errlog=nowhere) as streams, ClientSession(*streams[:2]) as session:
            await session.initialize()
            return [{"name": tool.name} for tool in (await session.list_tools()).tools]


print(json.dumps({"tools": asyncio.run(listed(sys.argv[1:]))}))
