"""From a request for the older APIs to its answer.

Which failure wins where several apply is not known. Here the order is: the version, the method, the API key,
the signature, the session, what the caller is let, missing and malformed arguments, what they name, an empty
list.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from smugsync.emulator.account.content import File
from smugsync.emulator.api.view import View
from smugsync.emulator.legacy.addresses import Slot, read_slot
from smugsync.emulator.legacy.answers import Form, packed
from smugsync.emulator.legacy.arguments import Arguments
from smugsync.emulator.legacy.calls import Call, Shared
from smugsync.emulator.legacy.failures import (
    ANCIENT_VERSION,
    INVALID_METHOD,
    INVALID_PERMISSIONS,
    INVALID_SESSION,
    READ_ONLY,
    SYSTEM_ERROR,
    Failure,
)
from smugsync.emulator.legacy.methods import METHODS, PREFIX, Method
from smugsync.emulator.legacy.pictures import find_picture, image_at, is_address
from smugsync.emulator.legacy.signin import by_session, by_signature, identify, read_any_claim
from smugsync.emulator.legacy.tokens import ADDRESSES, answer_address
from smugsync.emulator.legacy.uploading import (
    METHOD,
    Sent,
    describe_upload,
    place_of,
    reads_form,
    store,
)
from smugsync.emulator.legacy.versions import VERSIONS, Version
from smugsync.emulator.media import host
from smugsync.emulator.messages import Request, Response, html_response
from smugsync.emulator.signin.gatekeeper import Caller
from smugsync.emulator.switches import Switches

#: What a version is taken for that an upload does not name, or names wrongly: nothing of it is told then.
_OLDEST: Final = VERSIONS["1.2.0"]
_NOBODY: Final = Caller(None, "")
_READ_ONLY: Final = "read-only"


class Legacy:
    """Answers for one emulator. `view` is the account as a caller sees it."""

    def __init__(
        self,
        shared: Shared,
        *,
        view: Callable[[Request, Caller], View],
        switches: Callable[[], Switches],
    ) -> None:
        self._shared = shared
        self._view = view
        self._switches = switches

    def end_sessions(self) -> int:
        """All of them, as a restart does; how many there were."""
        return self._shared.sessions.end_all()

    # -- calls -----------------------------------------------------------------------------------------

    def answer(self, request: Request) -> Response:
        """A call, or one of the older addresses of OAuth."""
        return packed(request, self._answer(request))

    def _answer(self, request: Request) -> Response:
        if request.path in ADDRESSES:
            return answer_address(self._shared, request)
        slot = read_slot(request)
        if slot is None:
            return html_response(404, "Not Found", "The requested URL was not found on this server.")
        arguments, name = Arguments.of(request), ""
        try:
            name = arguments.text("method")
            return self._write(
                slot, arguments, {"stat": "ok", "method": name, **self._run(request, slot, arguments)}
            )
        except Failure as failure:
            return self.refuse(slot, arguments, failure)

    def refuse(self, slot: Slot, arguments: Arguments, failure: Failure) -> Response:
        body: dict[str, Any] = {"stat": "fail"}
        version, how = VERSIONS.get(slot.version, _OLDEST), self._switches().legacy_failures
        if how == "method" or (how == "version" and version.failures_say_method):
            body["method"] = arguments.text("method")
        body |= {"code": failure.code, "message": failure.message}
        return self._write(slot, arguments, body)

    def fail(self, request: Request, code: int) -> Response | None:
        """The answer to a call that a fault makes fail with that code; None for what is no call."""
        slot = read_slot(request)
        return None if slot is None else self.refuse(slot, Arguments.of(request), Failure(code))

    def _write(self, slot: Slot, arguments: Arguments, body: Mapping[str, Any]) -> Response:
        """In the form of the slot. Only versions that know Callback and Pretty look at them."""
        version = VERSIONS.get(slot.version)
        known = arguments if version is not None and version.has_extras else Arguments({})
        shown = dict(body)
        if self._switches().legacy_mode == _READ_ONLY and not arguments.text("method").startswith(
            f"{PREFIX}login"
        ):
            shown["mode"] = _READ_ONLY
        return Form.of(slot.kind, known, self._switches().legacy_json).write(shown)

    def _run(self, request: Request, slot: Slot, arguments: Arguments) -> Mapping[str, Any]:
        version, switches = VERSIONS.get(slot.version), self._switches()
        if version is None:
            raise Failure(ANCIENT_VERSION)
        name = arguments.text("method")
        method = METHODS.get(name.removeprefix(PREFIX)) if name.startswith(PREFIX) else None
        if method is None or not method.exists(version, switches):
            raise Failure(INVALID_METHOD)
        caller = _NOBODY if method.opening else identify(self._shared, request, arguments, version)
        view = self._view(request, caller)
        self._check_grant(method, view)
        call = Call(request, arguments, version, view, self._shared)
        if method.waits:
            return method.run(call)
        if method.needed == "Read":
            # Nobody waits while files are hashed: drawn without, then again.
            unhashed: list[File] = []
            with self._shared.account.lock:
                payload = method.run(replace(call, view=replace(view, unhashed=unhashed)))
            if not unhashed:
                return payload
            for file in unhashed:
                with contextlib.suppress(OSError):  # it is gone
                    _ = file.md5
        with self._shared.account.lock:
            return method.run(call)

    def _check_grant(self, method: Method, view: View) -> None:
        if method.needed == "Read":
            return
        if view.user is None:
            raise Failure(INVALID_SESSION)  # recorded of an anonymous session
        if not view.may(method.needed):
            raise Failure(INVALID_PERMISSIONS)
        if view.switches.legacy_mode == _READ_ONLY:
            raise Failure(READ_ONLY)

    # -- uploads ---------------------------------------------------------------------------------------

    def take_upload(self, request: Request) -> Response:
        """An upload with older headers, or in the older form. Its files are taken or removed."""
        try:
            return self._take_upload(request)
        finally:
            if request.upload is not None:
                request.upload.unlink(missing_ok=True)

    def _take_upload(self, request: Request) -> Response:
        fields = Arguments.of_form(request) if reads_form(request) else Arguments({})
        headers = request.headers
        version = headers.get("x-smug-version", fields.text("Version")).strip()
        kind = headers.get("x-smug-responsetype", fields.text("ResponseType")).strip().lower()
        kind = {"json": "json", "php": "php", "xml-rpc": "xmlrpc"}.get(kind, "rest")
        pretty = {"Pretty": headers.get("x-smug-pretty", "")}
        form = Form.of(kind, Arguments(pretty), self._switches().legacy_json)
        body: dict[str, Any] = {"stat": "ok", "method": METHOD}
        try:
            body |= {"Image": self._store(request, fields, self._version(version, fields))}
        except Failure as failure:
            body["stat"] = "fail"
            body |= {"code": failure.code, "message": failure.message}
        return form.write(body)

    @staticmethod
    def _version(name: str, fields: Arguments) -> Version:
        """Forms need not name one."""
        if not name and fields.values:
            return _OLDEST
        if name not in VERSIONS:
            raise Failure(ANCIENT_VERSION) if name else Failure(SYSTEM_ERROR, "X-Smug-Version is missing")
        return VERSIONS[name]

    def _store(self, request: Request, fields: Arguments, version: Version) -> dict[str, Any]:
        caller = self._uploader(request, fields, version)
        view = self._view(request, caller)
        if view.switches.legacy_mode == _READ_ONLY:
            raise Failure(READ_ONLY)
        sent = Sent.of_arguments(fields) if fields.values else Sent.of_headers(request)
        call = Call(request, fields, version, view, self._shared)
        image = store(call, sent, replace(request, path=place_of(request)))
        return describe_upload(call, image)

    def _uploader(self, request: Request, fields: Arguments, version: Version) -> Caller:
        """By the session in header or form, or by a signature in the header, which speaks for method and
        address alone; PLAINTEXT is not taken here."""
        session = request.headers.get("x-smug-sessionid", fields.text("SessionID")).strip()
        if session:
            return by_session(self._shared, session)
        claim = read_any_claim(request, header_only=True) if version.has_oauth else None
        if claim is None:
            raise Failure(INVALID_SESSION)
        return by_signature(self._shared, request, claim, plaintext=False)

    # -- pictures --------------------------------------------------------------------------------------

    def serves(self, path: str) -> bool:
        return is_address(path)

    def serve_picture(self, request: Request) -> Response:
        """The bytes of a picture, whole or in part; with `media-auth`, what is private only to its owner, who
        signs a plain GET of the address."""
        if request.method not in ("GET", "HEAD"):
            return html_response(405, "Method Not Allowed", "Only GET and HEAD.")
        view, numbers = self._view(request, _NOBODY), self._shared.numbers
        with self._shared.account.lock:
            image = image_at(numbers, request.path)
        if image is not None and view.switches.media_auth == "signed":
            try:
                claim = read_any_claim(request)
                caller = _NOBODY if claim is None else by_signature(self._shared, request, claim)
            except Failure as failure:
                return html_response(403, "Forbidden", failure.message)
            viewer = self._view(request, caller)
            if not any(
                viewer.owns(album.node) or album.node.effective_privacy != "Private"
                for album in viewer.account.albums_of(image)
            ):
                return html_response(403, "Forbidden", "This picture is private.")
        try:
            picture = find_picture(view, numbers, request.path)
            if picture is not None:
                return host.send_file(request, picture.content, picture.image, picture.letters)
        except OSError:  # the file is gone
            pass
        return html_response(404, "Not Found", "The requested photo was not found on this server.")
