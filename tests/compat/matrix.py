"""Opt-in: `python tests/compat/matrix.py frameworks|neighbours [NAME…]` makes one environment for each row and runs its tests.

Environments are kept in `.matrix/`; delete it to install the newest again. Needs uv and the package index.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FRAMEWORKS = {
    "langchain": (["langchain-core", "langgraph"], ["langchain", "langgraph"]),
    "mcp 2": (["mcp>=2"], ["mcp"]),
    "mcp 1": (["mcp<2"], ["mcp"]),
    "fastmcp": (["fastmcp"], ["fastmcp"]),
    "openai": (["openai-agents", "anthropic"], ["openai_agents", "openai", "anthropic"]),
    "claude": (["claude-agent-sdk"], ["claude_agent_sdk"]),
    "pydantic-ai": (["pydantic-ai-slim"], ["pydantic_ai"]),
    "smolagents": (["smolagents"], ["smolagents"]),
    "crewai": (["crewai"], ["crewai"]),
    "llama-index": (["llama-index-core"], ["llama_index"]),
    "autogen": (["autogen-core"], ["autogen"]),
    "ag2": (["ag2"], ["ag2"]),
    "semantic-kernel": (["semantic-kernel"], ["semantic_kernel"]),
    "google-adk": (["google-adk"], ["google_adk"]),
    "strands": (["strands-agents"], ["strands"]),
    "agno": (["agno"], ["agno"]),
    "haystack": (["haystack-ai"], ["haystack"]),
    "dspy": (["dspy"], ["dspy"]),
    "camel": (["camel-ai", "mcp<2"], ["camel"]),
    "agent-framework": (["agent-framework-core"], ["agent_framework"]),
    "mirascope": (["mirascope"], ["mirascope"]),
    "griptape": (["griptape"], ["griptape"]),
    "openhands": (["openhands-sdk"], ["openhands"]),
}
NEIGHBOURS = {
    "pytest 8": ["pytest<9"],
    "pytest 9": ["pytest>=9"],
    "xdist": ["pytest-xdist"],
    "asyncio": ["pytest-asyncio"],
    "anyio": ["anyio", "trio"],
    "trio": ["pytest-trio"],
    "cov": ["pytest-cov"],
    "randomly": ["pytest-randomly"],
    "timeout": ["pytest-timeout"],
    "rerunfailures": ["pytest-rerunfailures"],
    "html": ["pytest-html"],
    "sugar": ["pytest-sugar"],
}


def environment(name: str, packages: list[str]) -> Path:
    """The interpreter of an environment with our package and these."""
    folder = ROOT / ".matrix" / name.replace(" ", "-")
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run(["uv", "venv", "-q", "-p", sys.executable, str(folder)], check=True)
        subprocess.run(["uv", "pip", "install", "-q", "-p", str(python), "-e", str(ROOT), *packages], check=True)
    return python


def main(kind: str, *wanted: str) -> int:
    """Runs the rows, all of them unless some are named; 1 when a test failed."""
    rows = {
        name: (packages, [f"tests/compat/test_frameworks.py::test_framework[{t}]" for t in tests])
        for name, (packages, tests) in FRAMEWORKS.items()
    }
    if kind == "neighbours":
        rows = {name: (packages, ["tests/compat/test_neighbours.py"]) for name, packages in NEIGHBOURS.items()}
    failed = []
    for name, (packages, tests) in rows.items():
        if not wanted or name in wanted:
            python = environment(name, packages)
            done = subprocess.run(
                [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", "--no-header", *tests], cwd=ROOT, check=False
            )
            print(f"{name}: {'passed' if done.returncode == 0 else 'FAILED'}", flush=True)
            failed += [name] if done.returncode else []
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*(sys.argv[1:] or ["frameworks"])))
