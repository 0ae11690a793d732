"""`/_emulator/...`: look at the account, change it, set faults, read counters. JSON, no signature.

========================= =========================================================================
GET  /counters            requests by route, method and status; totals
POST /counters/reset
GET  /faults              the faults that are switched on
POST /faults              {"spec": "429@/api/*:times=3"} -> the fault with its id
DELETE /faults[/ID]       switch one or all off
GET  /account             the tree, with keys, names and MD5s
POST /edits/NAME          one edit; the answer names what was touched. See `Control.edits`
========================= =========================================================================
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from smugsync.emulator.account.edits import EDITS, describe_tree
from smugsync.emulator.messages import Request, Response, json_response

if TYPE_CHECKING:
    from smugsync.emulator.emulator import Emulator

PREFIX = "/_emulator"


class Control:
    """Answers for one emulator."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator

    def handle(self, request: Request) -> Response:
        """400 with a sentence for a request that makes no sense, 404 for an unknown address."""
        parts = [part for part in request.path.removeprefix(PREFIX).split("/") if part]
        try:
            body = json.loads(request.body or b"{}")
            if not isinstance(body, dict):
                raise ValueError("the body is not a JSON object")
            return json_response(200, self._answer(request.method, parts, body), pretty=True)
        except LookupError as error:
            return json_response(404, {"error": f"there is no {error}"})
        except (ValueError, TypeError) as error:
            return json_response(400, {"error": str(error)})

    def _answer(self, method: str, parts: list[str], body: dict[str, Any]) -> object:
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
            case "GET", ["account"]:
                with emulator.account.lock:
                    return describe_tree(emulator.account)
            case "POST", ["edits", name] if name in EDITS:
                with emulator.account.lock:
                    return EDITS[name](emulator.account, body)
        raise LookupError("/".join(["", *parts]))
