"""Calls from the tool objects of really installed frameworks; each is skipped where its framework is absent.

`python tests/compat/matrix.py frameworks` runs them, one environment a framework.
"""

import importlib
from collections.abc import Callable, Iterator
from typing import Annotated, Any, ClassVar

import pytest

from pytest_toolaudit import call, explore

STORE: dict[str, int] = {}
STATE: dict[str, Any] = {}


@pytest.fixture(autouse=True)
def empty() -> Iterator[None]:
    yield
    STORE.clear()


def bump(key: str) -> str:
    """Count one use.

    Args:
        key: what is counted
    """
    old = STORE.get(key, 0)
    STORE[key] = old + 1
    return key


async def abump(key: str) -> str:
    """Count one use.

    Args:
        key: what is counted
    """
    import asyncio

    old = STORE.get(key, 0)
    await asyncio.sleep(0)
    STORE[key] = old + 1
    return key


SCHEMA = {"type": "object", "properties": {"key": {"type": "string"}}, "required": ["key"], "additionalProperties": False}
Case = tuple[str, Any]
MAKERS: dict[str, Callable[[], dict[str, Any]]] = {}


def framework(*modules: str) -> Callable[[Callable[[], dict[str, Any]]], Callable[[], dict[str, Any]]]:
    """Registers what makes tool objects; skipped unless the modules can be imported."""

    def register(make: Callable[[], dict[str, Any]]) -> Callable[[], dict[str, Any]]:
        def guarded() -> dict[str, Any]:
            for module in modules:
                pytest.importorskip(module, exc_type=ImportError)
            return make()

        MAKERS[make.__name__] = guarded
        return make

    return register


@framework("langchain_core")
def langchain() -> dict[str, Any]:
    from langchain_core.tools import BaseTool, StructuredTool, Tool, tool

    class Load(BaseTool):
        name: str = "load"
        description: str = "Count."

        def _run(self, key: str) -> str:
            return bump(key)

    return {
        "decorator": tool(bump),
        "async decorator": tool(abump),
        "class": Load(),
        "structured": StructuredTool.from_function(func=bump, name="s"),
        "both": StructuredTool.from_function(func=bump, coroutine=abump, name="b"),
        "plain": Tool(name="t", func=bump, description="Count."),
    }


@framework("langgraph.prebuilt")
def langgraph() -> dict[str, Any]:
    from langchain_core.tools import InjectedToolCallId, tool
    from langgraph.prebuilt import InjectedState, InjectedStore, ToolRuntime

    @tool
    def with_state(key: str, state: Annotated[dict, InjectedState]) -> str:
        "Count."
        state["seen"] = key
        return bump(key)

    @tool
    def with_store(key: str, store: Annotated[Any, InjectedStore()], call_id: Annotated[str, InjectedToolCallId]) -> str:
        "Count."
        store.put(("n",), key, {"id": call_id})
        return bump(key)

    @tool
    def with_runtime(key: str, runtime: ToolRuntime) -> str:
        "Count."
        runtime.state["seen"] = key
        runtime.store.put(("n",), key, {})
        return bump(key)

    return {"state": with_state, "store": with_store, "runtime": with_runtime}


@framework("mcp")
def mcp() -> dict[str, Any]:
    try:
        server = importlib.import_module("mcp.server.mcpserver")
        made = server.MCPServer("demo")
    except ImportError:
        server = importlib.import_module("mcp.server.fastmcp")
        made = server.FastMCP("demo")

    @made.tool()
    def plain(key: str) -> str:
        return bump(key)

    async def with_context(key: str, ctx: server.Context) -> str:
        return await abump(key)

    made.add_tool(with_context)
    registered = {tool.name: tool for tool in made._tool_manager.list_tools()}
    return {"function": plain, "registered": registered["plain"], "context": with_context, "registered context": registered["with_context"]}


@framework("fastmcp")
def fastmcp() -> dict[str, Any]:
    from fastmcp import Context, FastMCP
    from fastmcp.tools import Tool, tool

    server = FastMCP("demo")

    @server.tool
    def plain(key: str) -> str:
        return bump(key)

    @tool(name="load")
    def load(key: str, ctx: Context) -> str:
        return bump(key)

    return {"function": plain, "standalone": load, "object": Tool.from_function(bump, name="peek")}


@framework("agents")
def openai_agents() -> dict[str, Any]:
    from agents import FunctionTool, RunContextWrapper, function_tool
    from agents.tool_context import ToolContext

    @function_tool(name_override="with_context")
    def with_context(ctx: RunContextWrapper[dict], key: str) -> str:
        "Count."
        ctx.context["n"] = 1
        return bump(key)

    @function_tool
    async def with_tool_context(ctx: ToolContext[dict], key: str) -> str:
        "Count."
        ctx.context["n"] = ctx.tool_name
        return await abump(key)

    async def invoke(ctx: Any, arguments: str) -> str:
        import json

        return await abump(json.loads(arguments)["key"])

    raw = FunctionTool(name="raw", description="Count", params_json_schema=SCHEMA, on_invoke_tool=invoke)
    return {
        "decorator": function_tool(bump),
        "async": function_tool(abump),
        "context": with_context,
        "tool context": with_tool_context,
        "raw": raw,
    }


@framework("anthropic")
def anthropic() -> dict[str, Any]:
    from anthropic import beta_async_tool, beta_tool

    return {"tool": beta_tool(bump), "async": beta_async_tool(abump)}


@framework("claude_agent_sdk")
def claude_agent_sdk() -> dict[str, Any]:
    from claude_agent_sdk import tool

    @tool("save", "Count", {"key": str})
    async def save(args: dict[str, Any]) -> dict[str, Any]:
        return {"content": [{"type": "text", "text": await abump(args["key"])}]}

    return {"tool": save}


@framework("pydantic_ai")
def pydantic_ai() -> dict[str, Any]:
    from pydantic_ai import Agent, FunctionToolset, RunContext, Tool

    def with_deps(ctx: RunContext[dict], key: str) -> str:
        "Count."
        ctx.deps["n"] = key
        return bump(key)

    agent: Any = Agent(deps_type=dict)
    agent.tool(with_deps)
    toolset: Any = FunctionToolset(tools=[bump])
    return {"tool": Tool(bump), "context": Tool(with_deps), "function": with_deps, "toolset": toolset.tools["bump"]}


@framework("smolagents")
def smolagents() -> dict[str, Any]:
    from smolagents import Tool, tool

    class Load(Tool):
        name = "load"
        description = "Count."
        output_type = "string"
        inputs: ClassVar = {"key": {"type": "string", "description": "which"}}

        def forward(self, key: str) -> str:
            return bump(key)

    made: dict[str, Any] = {"class": Load()}
    made["decorator"] = tool(bump)
    return made


@framework("crewai")
def crewai() -> dict[str, Any]:
    from crewai.tools import BaseTool, tool

    class Load(BaseTool):
        name: str = "load"
        description: str = "Count."

        def _run(self, key: str) -> str:
            return bump(key)

    return {"decorator": tool("Save value")(bump), "class": Load(), "async": tool("Save later")(abump)}


@framework("llama_index.core")
def llama_index() -> dict[str, Any]:
    from llama_index.core.tools import FunctionTool
    from llama_index.core.tools.tool_spec.base import BaseToolSpec
    from llama_index.core.workflow import Context

    async def with_context(ctx: Context, key: str) -> str:
        "Count."
        return await abump(key)

    class Spec(BaseToolSpec):
        spec_functions: ClassVar = ["load"]

        def load(self, key: str) -> str:
            "Count."
            return bump(key)

    return {
        "sync": FunctionTool.from_defaults(bump),
        "async": FunctionTool.from_defaults(async_fn=abump),
        "context": FunctionTool.from_defaults(async_fn=with_context),
        "spec": Spec().to_tool_list()[0],
    }


@framework("autogen_core.tools")
def autogen() -> dict[str, Any]:
    from autogen_core import CancellationToken
    from autogen_core.tools import BaseTool, FunctionTool
    from pydantic import BaseModel

    class Arguments(BaseModel):
        key: str

    class Load(BaseTool[Arguments, str]):
        def __init__(self) -> None:
            super().__init__(Arguments, str, "load", "Count.")

        async def run(self, args: Arguments, cancellation_token: CancellationToken) -> str:
            return await abump(args.key)

    async def cancellable(key: str, cancellation_token: CancellationToken) -> str:
        return await abump(key)

    return {
        "sync": FunctionTool(bump, description="Count."),
        "cancellable": FunctionTool(cancellable, description="Count."),
        "class": Load(),
    }


@framework("ag2")
def ag2() -> dict[str, Any]:
    from ag2.tools import Toolkit, tool

    kit = Toolkit()
    return {"decorator": tool(bump), "toolkit": kit.tool(bump)}


@framework("semantic_kernel")
def semantic_kernel() -> dict[str, Any]:
    from semantic_kernel import Kernel
    from semantic_kernel.functions import KernelArguments, kernel_function

    class Store:
        @kernel_function(name="save", description="Count.")
        def save(self, key: str) -> str:
            return bump(key)

        @kernel_function(name="save_with", description="Count.")
        async def save_with(self, key: str, kernel: Kernel, arguments: KernelArguments) -> str:
            return await abump(key)

    kernel = Kernel()
    plugin = kernel.add_plugin(Store(), "Store")
    return {"method": Store().save, "function": plugin["save"], "injected": plugin["save_with"]}


@framework("google.adk")
def google_adk() -> dict[str, Any]:
    from google.adk.tools import BaseTool, FunctionTool, LongRunningFunctionTool, ToolContext

    def with_context(key: str, tool_context: ToolContext) -> dict[str, Any]:
        "Count."
        tool_context.state["n"] = key
        return {"key": bump(key)}

    class Load(BaseTool):
        async def run_async(self, *, args: dict[str, Any], tool_context: ToolContext) -> Any:
            return await abump(args["key"])

    return {
        "sync": FunctionTool(bump),
        "async": FunctionTool(abump),
        "context": FunctionTool(with_context),
        "long": LongRunningFunctionTool(func=bump),
        "class": Load(name="load", description="Count."),
    }


@framework("strands")
def strands() -> dict[str, Any]:
    from strands import ToolContext, tool

    @tool(name="with_context", context=True)
    def with_context(key: str, tool_context: ToolContext) -> str:
        "Count."
        tool_context.agent.state.set("n", key)
        tool_context.invocation_state["n"] = key
        return bump(key)

    return {"decorator": tool(bump), "async": tool(abump), "context": with_context}


@framework("agno.tools")
def agno() -> dict[str, Any]:
    from agno.run import RunContext
    from agno.tools import Toolkit, tool

    @tool(name="with_context")
    def with_context(run_context: RunContext, key: str) -> str:
        "Count."
        run_context.session_state["n"] = key
        return bump(key)

    class Kit(Toolkit):
        def __init__(self) -> None:
            super().__init__(name="kit", tools=[self.load])

        def load(self, key: str) -> str:
            "Count."
            return bump(key)

    return {"decorator": tool(bump), "context": with_context, "toolkit": Kit().functions["load"]}


@framework("haystack.tools")
def haystack() -> dict[str, Any]:
    from haystack.components.agents import State
    from haystack.tools import Tool, create_tool_from_function, tool

    def with_state(key: str, state: State) -> str:
        "Count."
        return bump(key) if state.schema is not None else ""

    return {
        "decorator": tool(bump),
        "factory": create_tool_from_function(bump),
        "constructor": Tool(name="raw", description="Count.", parameters=SCHEMA, function=bump),
        "state": create_tool_from_function(with_state),
    }


@framework("dspy")
def dspy() -> dict[str, Any]:
    import dspy

    return {"tool": dspy.Tool(bump), "async": dspy.Tool(abump)}


@framework("camel.toolkits")
def camel() -> dict[str, Any]:
    from camel.toolkits import FunctionTool

    return {"tool": FunctionTool(bump), "async": FunctionTool(abump)}


@framework("agent_framework")
def agent_framework() -> dict[str, Any]:
    from agent_framework import FunctionInvocationContext, FunctionTool, tool

    @tool(approval_mode="never_require")
    def with_context(key: str, ctx: FunctionInvocationContext) -> str:
        "Count."
        return bump(key)

    return {"decorator": tool(bump), "constructor": FunctionTool(name="peek", description="Count.", func=bump), "context": with_context}


@framework("mirascope.llm")
def mirascope() -> dict[str, Any]:
    from mirascope import llm

    @llm.tool
    def with_context(ctx: llm.Context[dict], key: str) -> str:
        "Count."
        ctx.deps["n"] = key
        return bump(key)

    return {"decorator": llm.tool(bump), "async": llm.tool(abump), "context": with_context}


@framework("griptape.tools")
def griptape() -> dict[str, Any]:
    from griptape.artifacts import TextArtifact
    from griptape.tools import BaseTool
    from griptape.utils.decorators import activity
    from schema import Schema

    class Store(BaseTool):
        @activity(config={"description": "Count", "schema": Schema({"key": str})})
        def save(self, params: dict) -> TextArtifact:
            return TextArtifact(bump(params["values"]["key"]))

    return {"activity": Store().save}


@framework("openhands.sdk")
def openhands() -> dict[str, Any]:
    from openhands.sdk import Action, Observation, ToolDefinition
    from openhands.sdk.tool import ToolExecutor

    class SaveAction(Action):
        key: str

    class SaveObservation(Observation):
        pass

    class SaveExecutor(ToolExecutor):
        def __call__(self, action: SaveAction, conversation: Any = None) -> SaveObservation:
            return SaveObservation.from_text(bump(action.key))

    class SaveTool(ToolDefinition[SaveAction, SaveObservation]):
        @classmethod
        def create(cls, conv_state: Any = None, **params: Any) -> Any:
            return [cls(description="Count.", action_type=SaveAction, observation_type=SaveObservation, executor=SaveExecutor())]

    return {"definition": SaveTool.create()[0]}


@framework("openai.lib.responses_tool_runner")
def openai() -> dict[str, Any]:
    from openai.lib.responses_tool_runner import RegisteredFunction

    tool = {"type": "function", "name": "save", "parameters": SCHEMA, "strict": True}
    return {"registered": RegisteredFunction(tool, bump)}


@pytest.mark.parametrize("name", MAKERS)
def test_framework(name: str) -> None:
    """Two calls of one key lose an update whatever object the tool is in; injected parameters are filled by themselves."""
    wrong = []
    tools = MAKERS[name]()
    for shape, tool in tools.items():
        try:
            verdict = explore([call(tool, key="a"), call(tool, key="a")], seconds=20.0)
        except Exception as error:  # all shapes are tried, and all that fail are named
            wrong.append(f"{shape}: {type(error).__name__}: {error}")
            continue
        results = [how for how, _ in verdict.outcome.results]
        if verdict.kind != "racy" or results != ["returned", "returned"] or "memory:STORE[a]" not in verdict.resources:
            wrong.append(f"{shape}: {verdict.kind} {verdict.resources} {verdict.outcome.results}")
    print(f"{name}: {len(tools)} shapes, {len(tools) - len(wrong)} called")
    assert not wrong, "\n".join(wrong)
