"""Ten thousand requests with two hundred keys, over connections that are cut: each effect once."""

import asyncio
import random
from collections import defaultdict
from dataclasses import dataclass, field

import orjson
from tests.support.api import running
from tests.support.database import value
from tests.support.http_server import Cuts, cutting, serving

REQUESTS, KEYS, CLIENTS, SEED = 10_000, 200, 50, 20_261_125
ACTIVITY = orjson.dumps({"category": 1, "quantity": 100, "unit": "kg", "factor": {
    "value": "2.5", "unit": "kg", "source": "a supplier"}})  # fmt: skip


@dataclass
class Storm:
    """Clients that ask for the same things again and again."""

    port: int
    key: str
    left: int = REQUESTS
    cut: int = 0
    by_status: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    bodies: dict[int, set[bytes]] = field(default_factory=lambda: defaultdict(set))

    async def client(self, number: int) -> None:
        chance = random.Random(f"{SEED}/{number}")
        while self.left > 0:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            try:
                while self.left > 0:
                    self.left -= 1
                    await self.ask(chance.randrange(KEYS), reader, writer)
            except (ConnectionError, asyncio.IncompleteReadError):
                self.cut += 1
            finally:
                writer.close()

    async def ask(self, which: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(
            b"POST /api/v1/calculator/calculate HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            b"Content-Type: application/json\r\nContent-Length: %d\r\nAuthorization: Bearer %b\r\n"
            b'Idempotency-Key: "key-%d"\r\n\r\n%b' % (len(ACTIVITY), self.key.encode(), which, ACTIVITY)
        )
        head = await reader.readuntil(b"\r\n\r\n")
        (length,) = (
            int(line[15:]) for line in head.lower().split(b"\r\n") if line[:15] == b"content-length:"
        )
        body, status = await reader.readexactly(length), int(head[9:12])
        self.by_status[status] += 1
        if status == 200:
            self.bodies[which].add(body)


async def test_each_key_has_one_effect_and_one_answer(url: str) -> None:
    cuts = Cuts(random.Random(SEED), share=0.2)
    async with (
        running(url, requests_per_minute=10**9) as api,
        serving(api.app) as inner,
        cutting(inner, cuts) as port,
    ):
        storm = Storm(port, await api.key())
        await asyncio.gather(*(storm.client(number) for number in range(CLIENTS)))
    assert set(storm.by_status) <= {200, 409}
    assert sum(storm.by_status.values()) + storm.cut >= REQUESTS - CLIENTS
    assert min(cuts.before, cuts.after) > 500
    assert len(storm.bodies) == KEYS
    assert {len(bodies) for bodies in storm.bodies.values()} == {1}
    assert await value(url, "SELECT count(*) FROM vcci.calculations") == KEYS
