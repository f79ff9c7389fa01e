"""A TCP proxy between two nodes that cuts, delays, flips, swallows, refuses."""

import asyncio
import random
import threading
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from tests.launcher import free_port

MODES = ("cut_up", "cut_down", "flip_up", "flip_down", "swallow", "refuse", "slow", "late")


@dataclass
class Proxy:
    """One line: what comes to ``port`` goes to ``target``, as the mode wants it."""

    target: int
    chance: random.Random
    port: int = field(default_factory=free_port)
    mode: str = "open"
    passed: int = 0
    hurt: int = 0

    @property
    def url(self) -> str:
        """The address that the child is given."""
        return f"http://127.0.0.1:{self.port}"

    async def serve(self) -> None:
        """Take connections until the loop ends."""
        server = await asyncio.start_server(self._connected, "127.0.0.1", self.port)
        async with server:
            await server.serve_forever()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        mode = self.mode
        self.passed += 1
        self.hurt += mode != "open"
        with suppress(OSError, asyncio.IncompleteReadError):
            if mode == "refuse":
                writer.transport.abort()
                return
            if mode == "late":
                await asyncio.sleep(self.chance.uniform(0.5, 2.0))
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
            up = self._pump(reader, far_writer, writer, mode if mode in {"cut_up", "flip_up"} else "")
            down = self._pump(far_reader, writer, far_writer, mode if mode in {"cut_down", "flip_down"} else "")
            if mode == "swallow":
                down = self._swallow(far_reader)
            tasks = [asyncio.ensure_future(up), asyncio.ensure_future(down)]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel()
            far_writer.close()
        with suppress(OSError):
            writer.close()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, other: asyncio.StreamWriter, harm: str
    ) -> None:
        left = self.chance.randint(0, 6000)
        while data := await reader.read(4096):
            if self.mode == "slow":
                await asyncio.sleep(0.05)
            if harm.startswith("cut") and left < len(data):
                writer.write(data[:left])
                await writer.drain()
                writer.transport.abort()
                other.transport.abort()
                return
            if harm.startswith("flip") and left < len(data):
                data = data[:left] + bytes([data[left] ^ (1 << self.chance.randrange(8))]) + data[left + 1 :]
                harm = ""
            left -= len(data)
            writer.write(data)
            await writer.drain()

    @staticmethod
    async def _swallow(reader: asyncio.StreamReader) -> None:
        while await reader.read(65536):
            pass
        await asyncio.sleep(3600)


class Lines:
    """The proxies' thread."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def open(self, target: int, seed: int) -> Proxy:
        """A new line to a port."""
        proxy = Proxy(target, random.Random(seed))
        self._run(proxy.serve())
        return proxy

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop)

    def close(self) -> None:
        """End the thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
