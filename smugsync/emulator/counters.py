"""How often what was asked: for tests that hold a client to its word."""

from __future__ import annotations

import re
import threading
from collections import Counter
from typing import Any, Final

from smugsync.emulator.messages import Request, Response

_IDS: Final = (
    (re.compile(r"^/photos/.*"), "/photos/*"),
    (re.compile(r"^/upload/.+"), "/upload/*"),
    (re.compile(r"^(/api/get/[^/]+/[^/]+/).+"), r"\1*"),
    (re.compile(r"^(/api/v2/(?:user|node|album|image|video)/)[^/!]+"), r"\1*"),
    (re.compile(r"(/image/)[^/!]+"), r"\1*"),
    (re.compile(r"^(/api/v2/folder/user/)[^!]+"), r"\1*"),
    (re.compile(r"^(/api/v2/(?:folder/id|highlight/node)/)[^/!]+"), r"\1*"),
)


def route_of(path: str) -> str:
    """The path with its ids replaced by `*`: `/api/v2/album/*!images`."""
    for pattern, replacement in _IDS:
        path = pattern.sub(replacement, path)
    return path


def _delivered(response: Response) -> int:
    """How many bytes of the body leave the house, faults considered."""
    whole, limit = len(response.body), response.delivery.limit
    return whole if limit is None else max(0, min(whole, limit))


class Counters:
    """Requests by route, method and status, and bytes sent. Calls of `/_emulator` do not count."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        with self._lock:
            self._requests: Counter[tuple[str, str, int]] = Counter()
            self._bytes = 0
            self._media_bytes = 0

    def count(self, request: Request, response: Response) -> None:
        size = 0 if request.method == "HEAD" else _delivered(response)
        with self._lock:
            self._requests[route_of(request.path), request.method, response.status] += 1
            self._bytes += size
            if request.path.startswith("/photos/"):
                self._media_bytes += size

    @property
    def api_requests(self) -> int:
        """Of the newer and of the older APIs."""
        return self._sum("/api/v2", "/services/api/", "/hack/")

    @property
    def media_requests(self) -> int:
        return self._sum("/photos/")

    def _sum(self, *prefixes: str) -> int:
        with self._lock:
            return sum(n for (route, _, _), n in self._requests.items() if route.startswith(prefixes))

    def report(self) -> dict[str, Any]:
        """Everything as JSON: totals, and one row for each route, method and status."""
        with self._lock:
            rows = [
                {"route": route, "method": method, "status": status, "count": number}
                for (route, method, status), number in sorted(self._requests.items())
            ]
            size, media = self._bytes, self._media_bytes
        return {
            "api_requests": self.api_requests,
            "media_requests": self.media_requests,
            "bytes": size,
            "media_bytes": media,
            "requests": rows,
        }
