"""`python -m benchmarks.delay HOST:PORT MILLISECONDS`: a line with a round trip, for TCP on loopback.

Whatever comes is held for half of the time in either direction; the opening handshake is not delayed.
Nothing bounds the rate but this process itself. Prints where it listens.
"""

from __future__ import annotations

import asyncio
import collections
import socket
import sys

#: Bytes that may be on their way in one direction, as a window of a long line.
_IN_FLIGHT = 8 << 20
_PIECE = 1 << 18


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay: float) -> None:
    loop = asyncio.get_running_loop()
    held: collections.deque[tuple[float, bytes]] = collections.deque()
    came, left = asyncio.Event(), asyncio.Event()
    size = 0

    async def receive() -> None:
        nonlocal size
        while True:
            piece = await reader.read(_PIECE)
            held.append((loop.time() + delay, piece))
            size += len(piece)
            came.set()
            if not piece:
                return
            while size > _IN_FLIGHT:
                left.clear()
                await left.wait()

    receiving = asyncio.ensure_future(receive())
    try:
        while True:
            while not held:
                came.clear()
                await came.wait()
            due, piece = held.popleft()
            if (wait := due - loop.time()) > 0:
                await asyncio.sleep(wait)
            if not piece:
                break
            writer.write(piece)
            await writer.drain()
            size -= len(piece)
            left.set()
        if writer.can_write_eof():
            writer.write_eof()
    except OSError:
        pass  # the other side has gone
    finally:
        receiving.cancel()


async def _serve(host: str, port: int, delay: float) -> None:
    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there = await asyncio.open_connection(host, port, limit=_PIECE)
        except OSError:
            writer.close()
            return
        for one in (writer, there[1]):
            one.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.gather(_carry(reader, there[1], delay), _carry(there[0], writer, delay))
        for one in (writer, there[1]):
            one.close()

    server = await asyncio.start_server(accept, "127.0.0.1", 0, limit=_PIECE)
    print(f"127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    _host, _, _port = sys.argv[1].rpartition(":")
    asyncio.run(_serve(_host, int(_port), float(sys.argv[2]) / 2000))
