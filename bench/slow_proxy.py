"""A proxy that answers each request later, as a network would: ``slow_proxy PORT TARGET SECONDS``.

Requests of a connection follow each other, so that one read is one request.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress


async def _forward(
    source: asyncio.StreamReader, target: asyncio.StreamWriter, seconds: float
) -> None:
    with suppress(ConnectionError):
        while data := await source.read(1 << 20):
            await asyncio.sleep(seconds)
            target.write(data)
            await target.drain()
    target.close()


async def _serve(port: int, target: int, seconds: float) -> None:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream, downstream = await asyncio.open_connection("127.0.0.1", target)
        await asyncio.gather(_forward(reader, downstream, seconds), _forward(upstream, writer, 0.0))

    server = await asyncio.start_server(connected, "127.0.0.1", port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
