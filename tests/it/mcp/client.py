"""Speaks to `ares-host mcp` through the official Python SDK, as an agent's program would.

    client.py HOST STATE MODE

MODE is what the SDK takes: `legacy` (the `initialize` handshake, up to protocol 2025-11-25), `auto`
(asks with `server/discover` first) or a protocol version from 2026-07-28 on. Prints one JSON object
with what came back; any exception ends it with exit code 1.
"""

import asyncio
import json
import sys
import time

from mcp import Client, MCPError, StdioServerParameters
from mcp.types import Implementation


def shown(result):
    """A tool result as it was on the wire, as far as the test looks at it."""
    return {
        "is_error": bool(result.is_error),
        "structured": result.structured_content,
        "text": result.content[0].text,
        "meta": result.meta,
    }


async def unknown_tool(client):
    try:
        await client.call_tool("grants_allow", {})
    except MCPError as error:
        return error.code
    return None


async def steps(client):
    """What the SDK hears of a call's progress: it gives a token where it has a callback."""
    heard = []

    async def hear(done, total, message):
        heard.append([done, total, message])

    await client.call_tool("count_up", {"amount": 30}, progress_callback=hear)
    return heard


async def talk(host, state, mode):
    server = StdioServerParameters(command=host, args=["--state", state, "mcp"])
    me = Implementation(name="ares-test-client", version="1")
    client = Client(server, mode=mode, client_info=me, read_timeout_seconds=60)
    seen = {}
    async with client:
        seen["protocol"] = client.protocol_version
        listed = await client.list_tools()
        tools = {tool.name: tool.model_dump(mode="json", by_alias=True, exclude_none=True) for tool in listed.tools}
        seen["names"] = [tool.name for tool in listed.tools]
        seen["tool"] = tools["analyze_sentiment"]
        # The SDK itself checks structured content against the tool's output schema.
        words = "The new release is wonderful. I hate the old one."
        seen["good"] = shown(await client.call_tool("analyze_sentiment", {"text": words}))
        seen["wrapped"] = shown(await client.call_tool("log_flood", {"amount": 3}))
        seen["refused"] = shown(await client.call_tool("analyze_sentiment", {"txt": words}))
        seen["fault"] = shown(await client.call_tool("trap", {}))
        seen["again"] = shown(await client.call_tool("analyze_sentiment", {"text": "Still there, great."}))
        seen["unknown"] = await unknown_tool(client)
        seen["steps"] = await steps(client)
        before = time.monotonic()
    # The SDK closes the server's input, then waits two seconds before it kills.
    seen["ended_after"] = time.monotonic() - before
    return seen


if __name__ == "__main__":
    print(json.dumps(asyncio.run(talk(*sys.argv[1:4]))))
