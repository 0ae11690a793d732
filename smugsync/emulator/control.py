"""`/_emulator/...`: look at the account, change it, set faults, read counters. JSON, no signature, and for
that reason not for pages of other sites that somebody has open in a browser.

========================= =========================================================================
GET  /counters            requests by route, method and status; totals
POST /counters/reset
GET  /faults              the faults that are switched on
POST /faults              {"spec": "429@/api/*:times=3"} -> the fault with its id
DELETE /faults[/ID]       switch one or all off
GET  /switches            how the service behaves where that is uncertain
POST /switches            {"NAME": VALUE, ...} -> all of them, as they are now
GET  /tokens              every access token, and what was granted with it
DELETE /tokens/TOKEN      revoke the grant it comes from
POST /applications        {"name": ..., "key": ..., "secret": ...} -> one more application
GET  /users               the nicknames, the account's own first
GET  /logins              how each of them logs in to the older APIs
DELETE /sessions          end all sessions of the older APIs
GET  /account[/NICKNAME]  the tree, with keys, names and MD5s
POST /edits/NAME          one edit; the answer names what was touched. See `account.edits`
     /pixelpost...        the Pixelpost site on the same library. See `pixelpost.control`
========================= =========================================================================
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from smugsync.emulator.account.edits import EDITS, describe_tree
from smugsync.emulator.hosts import is_from_a_page_elsewhere
from smugsync.emulator.messages import Request, Response, json_response, read_json
from smugsync.emulator.pixelpost import control as pixelpost
from smugsync.emulator.settings import make_login

if TYPE_CHECKING:
    from smugsync.emulator.emulator import Emulator

PREFIX = "/_emulator"
_ELSEWHERE: Final = (
    "pages of other sites may not ask here: the Host has to be an address, a name without a dot, this"
    " machine's name or one of smugmug.com, and an Origin has to be the same"
)


class Control:
    """Answers for one emulator."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator

    def handle(self, request: Request) -> Response:
        """400 with a sentence for a request that makes no sense, 403 for one that a page of another site
        has a browser send, 404 for an unknown address."""
        if is_from_a_page_elsewhere(request, self._emulator.settings.host):
            return json_response(403, {"error": _ELSEWHERE})
        parts = [part for part in request.path.removeprefix(PREFIX).split("/") if part]
        try:
            body = read_json(request.body or b"{}")
            if not isinstance(body, dict):
                raise ValueError("the body is not a JSON object")
            return json_response(200, self._answer(request.method, parts, body), pretty=True)
        except LookupError as error:
            return json_response(404, {"error": f"there is no {error}"})
        except (ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
            return json_response(400, {"error": str(error)})

    def _answer(self, method: str, parts: list[str], body: dict[str, Any]) -> object:
        what = parts[0] if parts else ""
        if what in ("counters", "faults", "switches"):
            return self._behaviour(method, parts, body)
        if what in ("tokens", "applications", "logins", "sessions"):
            return self._sign_in(method, parts, body)
        if what == "pixelpost":
            return pixelpost.control(self._emulator.pixelpost, method, parts[1:], body)
        account = self._emulator.account
        with account.lock:
            match method, parts:
                case "GET", ["users"]:
                    return {"users": [root.owner for root in account.roots]}
                case "GET", ["account", *nickname]:
                    return describe_tree(account, *nickname)
                case "POST", ["edits", name] if name in EDITS:
                    return EDITS[name](account, body)
        raise _unknown(parts)

    def _behaviour(self, method: str, parts: list[str], body: dict[str, Any]) -> object:
        emulator = self._emulator
        match method, parts:
            case "GET", ["counters"]:
                return emulator.counters.report()
            case "POST", ["counters", "reset"]:
                emulator.counters.reset()
                return emulator.counters.report()
            case "GET", ["faults"]:
                return {"faults": emulator.faults.describe()}
            case "POST", ["faults"]:
                return emulator.faults.add(str(body["spec"])).describe()
            case "DELETE", ["faults", *rest]:
                emulator.faults.clear(int(rest[0]) if rest else None)
                return {"faults": emulator.faults.describe()}
            case "GET", ["switches"]:
                return emulator.switches.describe()
            case "POST", ["switches"]:
                switches = emulator.switches
                for name, value in body.items():
                    switches = switches.set(f"{name}={value}")
                emulator.turn(switches)
                return switches.describe()
        raise _unknown(parts)

    def _sign_in(self, method: str, parts: list[str], body: dict[str, Any]) -> object:
        gatekeeper = self._emulator.gatekeeper
        match method, parts:
            case "GET", ["tokens"]:
                return {"tokens": gatekeeper.tokens()}
            case "DELETE", ["tokens", token]:
                gatekeeper.revoke(token)
                return {"tokens": gatekeeper.tokens()}
            case "GET", ["logins"]:
                users = [root.owner for root in self._emulator.account.roots]
                logins = {user: make_login(self._emulator.settings, user) for user in users}
                return {"logins": [{"nickname": user, **asdict(login)} for user, login in logins.items()]}
            case "DELETE", ["sessions"]:
                return {"ended": self._emulator.legacy.end_sessions()}
            case "POST", ["applications"]:
                gatekeeper.register(**{name: str(body[name]) for name in ("name", "key", "secret")})
                return {}
        raise _unknown(parts)


def _unknown(parts: list[str]) -> LookupError:
    return LookupError("/".join(["", *parts]))
