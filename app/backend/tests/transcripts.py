"""What the official clients of OpenAI and of the Model Context Protocol get, for docs/clients.md.

`python tests/transcripts.py` prints the transcripts; `--write` writes them into the page.
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import openai
from conftest import Backend, running
from mcp import Client
from retrieval import world
from test_chat_completions import LIGHTHOUSE

PAGE = Path(__file__).parents[3] / "docs/clients.md"
_MARKS = "<!-- transcripts -->", "<!-- /transcripts -->"
_QUESTION = "How high is the lighthouse?"
_STRANGE = "Who won the regatta?"


def shown(code: str, result: Any) -> str:
    """A call, and what came back as JSON."""
    text = json.dumps(result, indent=1, ensure_ascii=False)
    return f"```python\n{code}\n```\n\n```json\n{text}\n```\n"


def by_openai(url: str) -> list[str]:
    """Chat completions: models, whole, streamed, refused."""
    client = openai.OpenAI(base_url=f"{url}/v1", api_key="unused", max_retries=0, timeout=60)
    make = client.chat.completions.create
    asked = [{"role": "user", "content": _QUESTION}]
    whole = make(model="rag", messages=asked).choices[0].message
    stream = make(model="rag", messages=asked, stream=True)
    deltas = [
        chunk.choices[0].delta.model_dump(exclude_none=True) for chunk in stream if chunk.choices
    ]
    strange = [{"role": "user", "content": _STRANGE}]
    refused = make(model="rag", messages=strange).choices[0].message
    create = 'client.chat.completions.create(model="rag", messages=[{"role": "user", "content": '
    return [
        shown("client.models.list()", [each.id for each in client.models.list()]),
        shown(f'{create}"{_QUESTION}"}}])', whole.model_dump(exclude_none=True)),
        shown(f'{create}"{_QUESTION}"}}], stream=True)', deltas),
        shown(f'{create}"{_STRANGE}"}}])', refused.model_dump(exclude_none=True)),
    ]


async def by_mcp(url: str) -> list[str]:
    """Tools: their list, a search, an answer, documents."""
    async with Client(f"{url}/mcp") as session:
        tools = (await session.list_tools()).tools
        made = [
            shown(
                "await session.list_tools()",
                [{"name": each.name, "description": each.description} for each in tools],
            )
        ]
        for tool, arguments in (
            ("search", {"query": _QUESTION, "limit": 1}),
            ("ask", {"question": _QUESTION}),
            ("list_documents", {"limit": 1}),
        ):
            found = await session.call_tool(tool, arguments)
            code = f'await session.call_tool("{tool}", {json.dumps(arguments)})'
            made.append(shown(code, found.structured_content))
        return made


def transcripts(client: Backend) -> str:
    """Both, as Markdown."""
    url = str(client.base_url).rstrip("/")
    assert client.upload("lighthouse.txt", LIGHTHOUSE).status_code == 201
    parts = [
        "## OpenAI's client\n",
        *by_openai(url),
        "## The client of the Model Context Protocol\n",
        *asyncio.run(by_mcp(url)),
    ]
    # The port is another one each time.
    return "\n".join(parts).replace(url, "http://localhost:8000")


def main() -> None:
    """Print the transcripts, or write them."""
    with world() as made, running(made, MCP="true") as client:
        text = transcripts(client)
    if "--write" not in sys.argv[1:]:
        sys.stdout.write(text)
        return
    before, _, rest = PAGE.read_text().partition(_MARKS[0])
    _old, _, after = rest.partition(_MARKS[1])
    PAGE.write_text(f"{before}{_MARKS[0]}\n{text}{_MARKS[1]}{after}")


if __name__ == "__main__":
    main()
