"""A session without a network and a sink without a disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from urllib.parse import urljoin

from smugsync.remote.dialect import Call, Dialect, Reply
from smugsync.remote.gallery import Body


@dataclass
class FakeBody:
    chunks: tuple[bytes, ...]
    length: int | None = None
    total: int | None = None
    resumed: bool = False
    validator: str | None = None

    def __iter__(self) -> Iterator[memoryview]:
        return map(memoryview, self.chunks)


@dataclass
class FakeSession:
    """Asks `answer`, follows redirects as the real one does, and raises what the dialect makes of it."""

    answer: Callable[[Call], Reply]
    media: Callable[[Call, int, str | None], Body] | None = None
    asked: list[Call] = field(default_factory=list)
    streamed: list[tuple[str, int, str | None]] = field(default_factory=list)

    def ask(self, call: Call, dialect: Dialect, /) -> Reply:
        self.asked.append(call)
        reply = self.answer(call)
        while reply.status in (301, 302):
            reply = self.answer(Call(call.method, urljoin(call.url, reply.headers["location"]), call.headers))
        if failure := dialect.failure(reply, call):
            raise failure
        return reply

    def stream(
        self, call: Call, dialect: Dialect, /, *, offset: int = 0, validator: str | None = None
    ) -> AbstractContextManager[Body]:
        self.streamed.append((call.url, offset, validator))
        if self.media is None:
            reply = self.answer(call)
            if failure := dialect.failure(reply, call):
                raise failure
            return nullcontext(FakeBody((reply.body,), len(reply.body), len(reply.body)))
        return nullcontext(self.media(call, offset, validator))

    def is_unchanged(self, call: Call, dialect: Dialect, validator: str, /) -> bool:
        raise NotImplementedError


@dataclass
class MemorySink:
    data: bytearray = field(default_factory=bytearray)
    validator: str | None = None
    restarts: int = 0

    @property
    def size(self) -> int:
        return len(self.data)

    def write(self, view: memoryview, /) -> None:
        self.data += view

    def restart(self) -> None:
        self.data.clear()
        self.validator = None
        self.restarts += 1


@dataclass(frozen=True)
class Bytes:
    """What is to go up, from memory."""

    data: bytes

    @property
    def size(self) -> int:
        return len(self.data)

    def chunks(self) -> Iterator[bytes]:
        yield self.data
