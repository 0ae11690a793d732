"""Everything that goes wrong at the real service and on the way to it, switchable.

A fault is written `KIND[@ROUTE][:OPTION=VALUE,...]`, for example ``429@/api/*:times=3,retry=2``. ROUTE is a
glob over the request's path. Options of every kind: `times` (how often it strikes; without end if left
out), `after` (how many matching requests pass first). See `HELP` for the kinds.
"""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from itertools import count
from typing import Any, Final

from smugsync.emulator.account.account import Account
from smugsync.emulator.api.routes import MESSAGES
from smugsync.emulator.faults import tampering
from smugsync.emulator.faults.options import FAR, OPTIONS, problem_of
from smugsync.emulator.legacy.failures import INVALID_NONCE
from smugsync.emulator.messages import Delivery, Request, Response, html_response, json_response
from smugsync.emulator.pixelpost import envelope as pixelpost
from smugsync.emulator.upload.replies import SYSTEM_ERROR, Form, UploadRefused

HELP: Final = """\
KIND[@ROUTE][:OPTION=VALUE,...]   e.g. 429@/api/*:times=3,retry=2   truncate@/photos/*:times=1

ROUTE is a glob over the path (default /api/*, for bytes and connections /photos/*, for uploads /upload*).
Options of every kind: times=N (then it is over), after=N (spare the first N requests).
Calls of the older APIs have their method at the end of the path, their uploads /upload before it.
Where one answers in the service's place, others that would wait, and so does what spoils answers.

  429             too many requests; retry=SECONDS to wait (default 1), or window=SECONDS: once it strikes,
                  every request is refused until the window ends
  500 502 503     server errors; retry=SECONDS adds Retry-After
  504             gateway time-out after the request was applied
  html            a page of HTML with status 200; status=403 or 503 for another one
  html403         the web server's own 403
  portal          a captive portal: HTML with status 200 on every address
  nonce_used      401 oauth_problem=nonce_used
  empty           status 200 and no body
  truncate        the body ends at=BYTES (default half) before its Content-Length, then the connection
  corrupt         one bit is wrong, at=BYTES (default in the middle)
  stall           headers, at=BYTES of body (default half), then silence; at=-1: not even headers
  reset           the connection is dropped, at=BYTES (default -1, before the headers)
  slow            seconds=S (default 5) more for pages of min=N items or more (default 500; 0: every answer)
  stat-fail       uploads fail with code=N (default 5): with status 200, or with 409 if that is N;
                  calls of the older APIs likewise: stat-fail@/services/api/*/smugmug.images.get:code=98
  no-archived     images without ArchivedUri, ArchivedSize, ArchivedMD5
  duplicates      all images of a page have the first one's FileName
  stuck-video     videos are processing and have no rendition
  unstable-order  images of one name change places on every other page
  stale-metadata  expanded ImageMetadata is empty
  source-files    photos have a RAW file with them (ComponentFileTypes; its form is a guess)
  total           Pages.Total overstates by=N (default 1)
  spurious        ImagesLastUpdated of every album moves without a cause, before the answer
  edit            the album listed changes before the answer: do=add or do=delete (default) an image
  late            ImagesLastUpdated moves seconds=S (default 30) after its cause
  skew            the server's clock is seconds=S off (default 86400)
  oops            Pixelpost breaks down: its page of HTML with status 200
  internal-error  Pixelpost fails by its own code internal_error, in JSON
  unknown         and by its code unknown
"""

_ROUTES: Final = dict.fromkeys(("truncate", "corrupt", "stall", "reset"), "/photos/*") | {
    "portal": "*",
    **dict.fromkeys(("oops", "internal-error", "unknown"), "/api/[!v]*"),
    "stat-fail": "/upload*",
}
_WHOLE_SERVER: Final = ("late", "skew")
#: Kinds that happen to the account, whatever is answered.
_BEFORE: Final = ("spurious", "edit")
KINDS: Final = frozenset(
    "429 500 502 503 504 html html403 portal nonce_used empty truncate corrupt stall reset slow no-archived"
    " source-files duplicates stuck-video unstable-order stale-metadata total spurious edit late skew"
    " stat-fail oops internal-error unknown".split()
)


@dataclass(slots=True)
class Fault:
    """One fault. `struck` counts how often it has struck; `left` None is without end."""

    id: int
    kind: str
    route: str
    options: Mapping[str, str] = field(default_factory=dict)
    left: int | None = None
    spared: int = 0
    struck: int = 0
    window_ends: float = 0  #: epoch seconds; until then it strikes whatever the counts say

    def is_due(self, now: float) -> bool:
        """Whether it is to strike the matching request that comes now; if not, it counts it as spared."""
        if now < self.window_ends:
            return True
        if self.left == 0:
            return False
        if self.spared > 0:
            self.spared -= 1
            return False
        return True

    def strike(self, now: float) -> None:
        """Count that it strikes."""
        if now >= self.window_ends:
            if self.left is not None:
                self.left -= 1
            if "window" in self.options:
                self.window_ends = now + self.number("window", 0)
        self.struck += 1

    def number(self, name: str, default: float) -> float:
        return float(self.options.get(name, default))

    @property
    def code(self) -> int | None:
        """With which an upload or a call fails."""
        match self.kind:
            case "stat-fail":
                return int(self.number("code", SYSTEM_ERROR))
            case "nonce_used":
                return INVALID_NONCE
        return None

    def describe(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "kind": self.kind,
            "route": self.route,
            "options": dict(self.options),
            "left": self.left,
            "struck": self.struck,
        }

    def instead(self, now: float) -> Response | None:
        """The answer in place of the real one, None if the request goes through."""
        seconds = max(1, math.ceil(self.window_ends - now)) if self.window_ends else self.number("retry", 1)
        retry = (("Retry-After", str(int(seconds))),)
        status = int(self.kind) if self.kind.isdigit() else 0
        match self.kind:
            case "429":
                response = json_response(429, {"Code": 429, "Message": MESSAGES[429]})
                ends = str(int(now + seconds))
                spent = (("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", ends), *retry)
                return replace(response, headers=response.headers + spent)
            case "500" | "502" | "503":
                response = html_response(status, MESSAGES[status], "Please try again later.")
                added = retry if "retry" in self.options else ()
                return replace(response, headers=response.headers + added)
            case "html" | "portal":
                page = "Sign in to this network to continue." if self.kind == "portal" else "Back soon."
                return html_response(int(self.number("status", 200)), "Welcome", page)
            case "html403":
                return html_response(403, "Forbidden", "You don't have permission to access this resource.")
            case "nonce_used":
                return json_response(401, {"Code": 401, "Message": "oauth_problem=nonce_used"})
            case "stat-fail":
                return Form("JSON").failure(UploadRefused(self.code or SYSTEM_ERROR))
            case "oops" | "internal-error" | "unknown":
                return pixelpost.break_down(self.kind.replace("-", "_"))
            case "empty":
                return Response(200, (("Content-Type", "application/json"),))
        return None

    def before(self, request: Request, account: Account) -> None:
        """What happens to the account just before the request is answered."""
        if self.kind == "spurious":
            for album in list(account.albums.values()):
                account.bump(album)
        elif self.kind == "edit":
            tampering.edit_listed_album(request, account, self.options.get("do", "delete"))

    def afterwards(self, request: Request, response: Response) -> Response:
        """The real answer, spoiled."""
        if self.kind == "504":
            return html_response(504, MESSAGES[504], "The server took too long.")
        if alter := _ALTERATIONS.get(self.kind):
            strength = int(self.number("by", 1)) if self.kind == "total" else self.struck
            return _altered(response, lambda body: alter(body, strength))
        return replace(response, delivery=self._spoil(request, response))

    def _spoil(self, request: Request, response: Response) -> Delivery:
        delivery, middle = response.delivery, len(response.body) // 2
        match self.kind:
            case "truncate":
                return replace(delivery, limit=int(self.number("at", middle)), then="close")
            case "corrupt":
                return replace(delivery, flip=int(self.number("at", middle)))
            case "stall":
                return replace(delivery, limit=int(self.number("at", middle)), then="stall")
            case "reset":
                return replace(delivery, limit=int(self.number("at", -1)), then="reset")
            case "slow" if tampering.page_size(request) >= self.number("min", 500):
                return replace(delivery, delay=delivery.delay + self.number("seconds", 5))
        return delivery


_ALTERATIONS: Final[Mapping[str, Callable[[Any, int], None]]] = {
    "no-archived": tampering.drop_archived,
    "duplicates": tampering.repeat_names,
    "stuck-video": tampering.stick_videos,
    "total": tampering.overstate_total,
    "unstable-order": tampering.swap_equals,
    "stale-metadata": tampering.empty_metadata,
    "source-files": tampering.add_source_files,
}


def _altered(response: Response, alter: Callable[[Any], None]) -> Response:
    """The response with its JSON altered; any other response as it is, also one of the older APIs."""
    if not (response.header("Content-Type") or "").startswith("application/json"):
        return response
    try:
        body = json.loads(response.content())
    except ValueError:  # packed, or with a callback around it
        return response
    alter(body)
    status = body.get("Code", response.status)
    return replace(response, status=status, body=json_response(status, body).body)


class Faults:
    """The faults that are switched on."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._lock = threading.Lock()
        self._ids = count(1)
        self._faults: list[Fault] = []
        self._lag: float = 0

    def lag_otherwise(self, seconds: float) -> None:
        """How late ImagesLastUpdated moves as long as no fault `late` says otherwise."""
        self._lag = seconds
        self._apply_to_server()

    def add(self, spec: str) -> Fault:
        """Switch a fault on. Raises ValueError with a sentence for people if `spec` cannot be read."""
        place, _, tail = spec.partition(":")
        kind, _, route = place.strip().partition("@")
        if kind not in KINDS:
            raise ValueError(f"there is no fault {kind!r}; known are {', '.join(sorted(KINDS))}")
        options = {}
        for part in filter(None, (piece.strip() for piece in tail.split(","))):
            name, equals, value = part.partition("=")
            if not equals or name not in OPTIONS:
                raise ValueError(f"cannot read {part!r} in the fault {spec!r}; see the list of options")
            if problem := problem_of(name, value):
                raise ValueError(f"{problem}, not {value!r} as in the fault {spec!r}")
            options[name] = value
        times = options.pop("times", None)
        spared = int(options.pop("after", 0))
        fault = Fault(
            next(self._ids),
            kind,
            route or _ROUTES.get(kind, "/api/*"),
            options,
            int(times) if times is not None else None,
            spared,
        )
        with self._lock:
            self._faults.append(fault)
        self._apply_to_server()
        return fault

    def clear(self, fault_id: int | None = None) -> None:
        """Switch one fault off, or all of them."""
        with self._lock:
            self._faults = [f for f in self._faults if fault_id is not None and f.id != fault_id]
        self._apply_to_server()

    def describe(self) -> list[dict[str, Any]]:
        with self._lock:
            return [fault.describe() for fault in self._faults]

    @property
    def clock_skew(self) -> float:
        """Seconds by which the server's clock is ahead."""
        total = sum(f.number("seconds", 86400) for f in self._faults if f.kind == "skew")
        return max(-FAR, min(total, FAR))

    def strike(self, request: Request) -> tuple[Fault, ...]:
        """The faults that strike this request; each counts as used.

        One answer goes out: where a fault gives it, no other does, and there is none to be spoiled.
        """
        with self._lock:
            now = self._account.clock()
            striking = (fault for fault in self._faults if fault.kind not in _WHOLE_SERVER)
            matching = (fault for fault in striking if fnmatchcase(request.path, fault.route))
            due = [fault for fault in matching if fault.is_due(now)]
            instead = next((fault for fault in due if fault.instead(now) is not None), None)
            if instead is not None:
                due = [fault for fault in due if fault is instead or fault.kind in _BEFORE]
            for fault in due:
                fault.strike(now)
        for fault in due:
            fault.before(request, self._account)
        return tuple(due)

    def _apply_to_server(self) -> None:
        late = [f.number("seconds", 30) for f in self._faults if f.kind == "late"]
        self._account.images_updated_delay = max(late, default=self._lag)
