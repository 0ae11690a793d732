"""A service that lies: the emulator, whose answers are tampered with before they leave."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx

from smugsync.emulator.emulator import Emulator
from smugsync.emulator.messages import Request, Response
from smugsync.emulator.settings import Settings
from smugsync.remote.gallery import Gallery
from smugsync.remote.hosts import Hosts
from smugsync.remote.session import Manners, Session
from smugsync.remote.signing import KeySigner, OAuth1Signer, Signer
from smugsync.remote.smugmug_v2.dialect import SmugMugV2
from smugsync.remote.transport import DirectTransport
from smugsync.stop import Stop
from tests.remote.servers import Peer, Server, always, plain
from tests.sync.world import World

#: The live service's own address: nothing about it is this computer, so nothing is let pass for tests.
LIVE = "https://api.smugmug.com"

Lie = Callable[[Request, Response], Response]


class Liar(Emulator):
    """An empty account at first; `lies` are told in turn, about every answer."""

    def __init__(self, *, clock: Callable[[], float] = time.time, settings: Settings | None = None) -> None:
        super().__init__(settings or Settings(albums=0), clock=clock)
        self.lies: list[Lie] = []

    def handle(self, request: Request) -> Response:
        response = super().handle(request)
        for lie in self.lies:
            response = lie(request, response)
        return response


def rewriting(change: Callable[[dict[str, Any]], None]) -> Lie:
    """Change every JSON answer of the API. Half a surrogate pair stays one, in JSON's own escapes."""

    def lie(request: Request, response: Response) -> Response:
        if not request.path.startswith("/api/v2") or response.status != 200:
            return response
        document = json.loads(response.content())
        change(document)
        return replace(response, body=json.dumps(document).encode())

    return lie


def telling(kind: str, **fields: Any) -> Lie:
    """Every object of a `kind` ("AlbumImage", "Album", "Node", "LargestVideo") has these fields."""

    def change(document: dict[str, Any]) -> None:
        for item in _objects(document, kind):
            item.update(fields)

    return rewriting(change)


def renaming(kind: str, key: str, field: str, values: dict[str, Any]) -> Lie:
    """Objects of a `kind` get another `field`, by their `key`."""

    def change(document: dict[str, Any]) -> None:
        for item in _objects(document, kind):
            if item.get(key) in values:
                item[field] = values[item[key]]

    return rewriting(change)


def redirecting(route: str, status: int, *targets: str) -> Lie:
    """What is asked below `route` is answered with a redirect to `targets[0]`, the next time to the next.

    The last of them stands for all that follow.
    """
    left = list(targets)

    def lie(request: Request, response: Response) -> Response:
        if not request.path.startswith(route):
            return response
        target = left.pop(0) if len(left) > 1 else left[0]
        return _redirect(status, target)

    return lie


def diverting(targets: dict[str, tuple[int, str]]) -> Lie:
    """The bytes of an image, by its key, are answered with a redirect: status and target."""

    def lie(request: Request, response: Response) -> Response:
        keys = [key for key in targets if f"/i-{key}/" in request.path]
        return _redirect(*targets[keys[0]]) if keys else response

    return lie


def _redirect(status: int, target: str) -> Response:
    return Response(status, (("Location", target),))


def _objects(document: dict[str, Any], kind: str) -> Iterator[dict[str, Any]]:
    """Wherever they stand: in the answer itself, or beside it as an expansion of one of its links."""
    for place in (document.get("Response", {}), *document.get("Expansions", {}).values()):
        found = place.get(kind, ())
        yield from [found] if isinstance(found, dict) else found


class LyingWorld(World):
    """The real engine against a Liar, in memory."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        origin = self.emulator.origin
        self.emulator = self.liar = Liar(clock=self.clock)
        self.liar.origin = origin


class LiveWorld(LyingWorld):
    """As if it were the live service: `api.smugmug.com` over https, and nothing else is let pass.

    Whatever is sent to another host than SmugMug's really goes out, and ends in the trap. `sent` is every
    request, as it left.
    """

    def __init__(self, root: Path, trap: Server) -> None:
        super().__init__(root)
        self.liar.origin = LIVE
        self.trap = trap
        self.sent: list[httpx.Request] = []
        self.media_hosts: tuple[str, ...] = ()
        self.anonymous = False

    def open_gallery(self, session: Session) -> Gallery:
        user = self.liar.settings.nickname if self.anonymous else ""
        return Gallery(SmugMugV2(LIVE, user=user), session)

    def _session(self, stop: Stop) -> Session:
        keys = self.emulator.credentials
        signer: Signer = OAuth1Signer(
            keys.api_key, keys.api_secret, keys.access_token, keys.access_token_secret, clock=self.clock
        )
        if self.anonymous:
            signer = KeySigner(keys.api_key)
        manners = Manners(clock=self.clock, ticks=self.clock, random=lambda: 0.5, sleep=self._pass_time)
        hosts = Hosts([LIVE], media_hosts=self.media_hosts)
        return Session(_Fork(self), hosts, signer, stop, manners=manners)


class _Fork(httpx.BaseTransport):
    """SmugMug's hosts are the Liar; every other road of the world leads into the trap."""

    def __init__(self, world: LiveWorld) -> None:
        self._world = world
        self._inside = world.liar.transport()
        place = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("127.0.0.1", world.trap.port))
        self._outside = DirectTransport(resolve=lambda host, port: [place])

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self._world.sent.append(request)
        inside = request.url.raw_host.endswith(b".smugmug.com")
        return (self._inside if inside else self._outside).handle_request(request)

    def close(self) -> None:
        self._outside.close()


def trap() -> Server:
    """A server that nobody may ever ask anything; it answers all the same, and hangs up on TLS."""
    answer = always(plain(b"\xff\xd8 evil \xff\xd9", "200 OK", "Content-Type: image/jpeg"))

    def play(peer: Peer) -> None:
        if peer.sock.recv(1, socket.MSG_PEEK) == b"G":
            answer(peer)

    return Server(play)
