"""A fake API that only serves: it makes its pages before the first call.

    python server.py RECORDS LATENCY

serves a page of RECORDS records for any day, LATENCY seconds after the call, and prints
its port. A day has one of a few different pages. Below the path /changed every day has
another page than without it.
"""

import asyncio
import json
import random
import sys
from functools import partial
from urllib.parse import parse_qs, urlsplit

MODELS = (
    "claude-sonnet-4-5-20250929",
    "claude-opus-4-5-20251101",
    "claude-haiku-4-5-20251001",
    "claude-opus-4-1-20250805",
)
TOOLS = ("edit_tool", "multi_edit_tool", "notebook_edit_tool", "write_tool")
TERMINALS = ("vscode", "iTerm.app", "tmux", "ghostty", "cursor", None)
BLANK = "2000-01-01"
VARIANTS = 7


def record(number: int, chance: random.Random) -> dict:
    """A record of a user, or for every twentieth of an API key."""
    user = {"type": "user_actor", "email_address": f"user{number:05}@example.com"}
    key = {"type": "api_actor", "api_key_name": f"ci-{number}"}
    return {
        "date": f"{BLANK}T00:00:00Z",
        "organization_id": "5b0c9f0e-7d3a-4c56-9a41-2f8e6d1b7c90",
        "actor": user if number % 20 else key,
        "customer_type": "api" if number % 3 else "subscription",
        "terminal_type": TERMINALS[number % len(TERMINALS)],
        "core_metrics": {
            "num_sessions": chance.randrange(9),
            "lines_of_code": {
                "added": chance.randrange(3000),
                "removed": chance.randrange(1000),
            },
            "commits_by_claude_code": chance.randrange(9),
            "pull_requests_by_claude_code": chance.randrange(3),
        },
        "tool_actions": {
            tool: {"accepted": chance.randrange(90), "rejected": chance.randrange(10)}
            for tool in TOOLS
        },
        "model_breakdown": [
            entry(model, chance)
            for model in chance.sample(MODELS, chance.randint(1, 3))
        ],
    }


def entry(model: str, chance: random.Random) -> dict:
    """The tokens and cost of one model."""
    return {
        "model": model,
        "tokens": {
            "input": chance.randrange(10**6),
            "output": chance.randrange(10**5),
            "cache_read": chance.randrange(10**8),
            "cache_creation": chance.randrange(10**6),
        },
        "estimated_cost": {
            "currency": "USD",
            "amount": chance.randrange(10**6) / 1000,
        },
    }


def page(records: int, seed: int) -> bytes:
    """A day in one reply; the date is filled in later."""
    chance = random.Random(seed)
    data = [record(number, chance) for number in range(records)]
    return json.dumps({"data": data, "has_more": False, "next_page": None}).encode()


class Serving(asyncio.Protocol):
    """One connection, kept alive; a request has no body."""

    def __init__(self, pages: list[bytes], latency: float) -> None:
        self.pages, self.latency, self.received = pages, latency, b""

    def connection_made(self, transport: asyncio.Transport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        *heads, self.received = (self.received + data).split(b"\r\n\r\n")
        for head in heads:
            loop = asyncio.get_running_loop()
            loop.call_later(self.latency, partial(self.answer, head))

    def answer(self, head: bytes) -> None:
        target = head.split(b" ", 2)[1].decode()
        (day,) = parse_qs(urlsplit(target).query)["starting_at"]
        number = int(day.replace("-", "")) + target.startswith("/changed")
        chosen = self.pages[number % len(self.pages)]
        body = chosen.replace(BLANK.encode(), day.encode())
        head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
        self.transport.write(head + b"content-length: %d\r\n\r\n" % len(body) + body)


async def serve(records: int, latency: float) -> None:
    """Serve until the process is ended."""
    pages = [page(records, seed) for seed in range(VARIANTS)]
    make = partial(Serving, pages, latency)
    server = await asyncio.get_running_loop().create_server(make, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), float(sys.argv[2])))
