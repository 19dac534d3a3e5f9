"""What frameworks inject, made with their own test doubles and in-memory parts; named in injected.toml.

Each takes the class that the annotation names and its type arguments. Frameworks are imported only here, and only when used.
"""

# pyright: reportMissingImports=false
from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from pytest_toolaudit.confirming.arguments import made_of
from pytest_toolaudit.confirming.standin import StandIn
from pytest_toolaudit.sessionstate import keep_in_sight


def stand_in(kind: Any = None, *of: Any) -> Any:
    """Answers every attribute; what speaks of state is a dict."""
    return StandIn(getattr(kind, "__name__", "context"))


def made_without_arguments(kind: Any = None, *of: Any) -> Any:
    """The class itself, called."""
    return kind()


def empty_mapping(kind: Any = None, *of: Any) -> Any:
    """State before anything happened."""
    return {}


def call_id(kind: Any = None, *of: Any) -> str:
    """The id of some call."""
    return "call-0"


def _dependencies(of: tuple[Any, ...]) -> Any:
    """An object of the type that the context is annotated with; a dict where it is not."""
    kind: type = of[0] if of and isinstance(of[0], type) else dict
    try:
        return None if kind is type(None) else kind()
    except Exception:  # it needs arguments
        return made_of(kind) or StandIn(getattr(kind, "__name__", "dependencies"))


def dependencies(kind: Any = None, *of: Any) -> Any:
    """A context with `deps`."""
    return kind(deps=_dependencies(of))


def run_context(kind: Any = None, *of: Any) -> Any:
    """Pydantic AI's, with its TestModel."""
    from pydantic_ai.models.test import TestModel
    from pydantic_ai.usage import RunUsage

    return kind(deps=_dependencies(of), model=TestModel(), usage=RunUsage())


def context_wrapper(kind: Any = None, *of: Any) -> Any:
    """The OpenAI Agents SDK's."""
    return kind(context=_dependencies(of))


def agents_tool_context(kind: Any = None, *of: Any) -> Any:
    """The OpenAI Agents SDK's, of one call."""
    from agents.tool_context import ToolContext

    return ToolContext(context=_dependencies(of), tool_name="tool", tool_call_id="call-0", tool_arguments="{}")


def adk_context(kind: Any = None, *of: Any) -> Any:
    """Google ADK's, over an in-memory session."""
    from google.adk.agents.invocation_context import InvocationContext
    from google.adk.sessions import InMemorySessionService, Session

    session = Session(id="session", app_name="app", user_id="user")
    return kind(InvocationContext(session_service=InMemorySessionService(), invocation_id="invocation", session=session))


def strands_context(kind: Any = None, *of: Any) -> Any:
    """Strands', with a real agent state."""
    from strands.agent.state import AgentState

    use: Any = {"toolUseId": "call-0", "name": "tool", "input": {}}
    return kind(tool_use=use, agent=SimpleNamespace(state=AgentState(), messages=[]), invocation_state={})


def agno_context(kind: Any = None, *of: Any) -> Any:
    """Agno's, with an empty session."""
    return kind(run_id="run", session_id="session", session_state={})


def fastmcp_context(kind: Any = None, *of: Any) -> Any:
    """FastMCP's, of an empty server and of one session, as on connections that begin with a handshake; its state is in sight."""
    from fastmcp import FastMCP

    server = FastMCP("toolaudit")
    context = kind(fastmcp=server)
    context._session = session = StandIn("session")  # messages to the client go nowhere
    vars(session)["_fastmcp_state_prefix"] = "session"
    context._server_kept = server  # the context itself holds it weakly
    keep_in_sight(context, kind)
    return context


def memory_store(kind: Any = None, *of: Any) -> Any:
    """LangGraph's store in memory."""
    from langgraph.store.memory import InMemoryStore

    return InMemoryStore()


def tool_runtime(kind: Any = None, *of: Any) -> Any:
    """LangGraph's, with an empty state and a store in memory."""
    return kind(state={}, context=None, config={}, stream_writer=print, tool_call_id="call-0", store=memory_store())


def workflow_context(kind: Any = None, *of: Any) -> Any:
    """LlamaIndex', of a workflow of one step."""
    from workflows import Workflow, step
    from workflows.events import StartEvent, StopEvent

    class Empty(Workflow):
        @step
        async def only(self, event: StartEvent) -> StopEvent:
            return StopEvent()

    return kind(Empty())


def haystack_state(kind: Any = None, *of: Any) -> Any:
    """Haystack's, without declared keys."""
    return kind(schema={})
