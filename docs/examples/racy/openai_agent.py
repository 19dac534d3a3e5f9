"""The order tools, declared to the OpenAI API as a list of schemas; the calls of one turn are started together."""

import asyncio
import json

from . import sessions

TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "sign_in",
            "description": "Open the session.",
            "parameters": {"type": "object", "properties": {"user": {"type": "string"}}, "required": ["user"]},
        },
    },
    {
        "type": "function",
        "function": {
            "name": "list_orders",
            "description": "The orders of the user who signed in.",
            "parameters": {"type": "object", "properties": {}},
        },
    },
    {
        "type": "function",
        "function": {
            "name": "place_order",
            "description": "Place an order.",
            "parameters": {
                "type": "object",
                "properties": {"user": {"type": "string"}, "item": {"type": "string"}},
                "required": ["user", "item"],
            },
        },
    },
]


def dispatch(name: str, arguments: dict) -> object:
    """Run one tool call."""
    if name == "sign_in":
        return sessions.sign_in(arguments["user"])
    if name == "list_orders":
        return sessions.list_orders()
    if name == "place_order":
        return sessions.place_order(arguments["user"], arguments["item"])
    raise ValueError(f"unknown tool {name}")


async def run_turn(message: dict) -> list[dict]:
    """Run all tool calls of one message, each in a thread, and answer each under its id."""
    calls = message["tool_calls"]
    results = await asyncio.gather(
        *(
            asyncio.wait_for(asyncio.to_thread(dispatch, call["function"]["name"], json.loads(call["function"]["arguments"])), 30)
            for call in calls
        ),
        return_exceptions=True,
    )
    return [{"role": "tool", "tool_call_id": call["id"], "content": str(result)} for call, result in zip(calls, results, strict=True)]
