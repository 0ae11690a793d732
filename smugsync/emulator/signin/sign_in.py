"""`/services/oauth/1.0a/...`: how an application comes by an access token.

=================== ==================================================================================
getRequestToken     begins; signed by the application
authorize           the page where a person decides
getAccessToken      ends it; signed with the request token
authorized          stands in for the service's page *Account Settings, Privacy, Authorized Services*
=================== ==================================================================================

Answers are form-encoded (facts 1.1). So are refusals, `oauth_problem=NAME` with status 401, as the problem
reporting extension has it; what the service sends in their place is not known.
"""

from __future__ import annotations

import hmac
import re
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, cast, get_args
from urllib.parse import urlencode, urlsplit

from smugsync.emulator.messages import Request, Response
from smugsync.emulator.signin import pages
from smugsync.emulator.signin.gatekeeper import Gatekeeper, Known
from smugsync.emulator.signin.pending import Pending, RequestToken, draw
from smugsync.emulator.signin.proof import Refused, problem, read_claim
from smugsync.emulator.signin.registry import Grant, Token
from smugsync.emulator.switches import Access, Permissions, Switches

PREFIX: Final = "/services/oauth/1.0a/"
AUTHORIZE: Final = PREFIX + "authorize"
GRANTS: Final = PREFIX + "authorized"

#: Another host of the service that these addresses are known by (facts 1.1).
ALIAS: Final = "https://secure.smugmug.com"

_METHODS: Final = {
    "getRequestToken": ("GET", "POST"),
    "getAccessToken": ("GET", "POST"),
    "authorize": ("GET", "HEAD", "POST"),
    "authorized": ("GET", "HEAD", "POST"),
}
_FORM: Final = (("Content-Type", "application/x-www-form-urlencoded"),)
_ADDRESS: Final = re.compile(r"https?://[!-~]+", re.IGNORECASE)
_BEGIN_ANEW: Final = "Go back to the application and begin to sign in once more."


class SignIn:
    """Answers for one emulator.

    `users` are the nicknames of its accounts, the one a person most likely means first.
    """

    def __init__(
        self,
        gatekeeper: Gatekeeper,
        *,
        clock: Callable[[], float],
        switches: Callable[[], Switches],
        users: Callable[[], Sequence[str]],
    ) -> None:
        self._gatekeeper = gatekeeper
        self.pending = Pending(clock=clock)
        self._clock = clock
        self._switches = switches
        self._users = users
        self._proof = draw(32)
        self._deciding = threading.Lock()

    def handle(self, request: Request, *, origins: Iterable[str]) -> Response:
        """The answer to a request below `PREFIX`."""
        name = request.path.removeprefix(PREFIX)
        origins = [*origins, ALIAS]
        methods = _METHODS.get(name)
        if methods is None:
            return Response(404, (("Content-Type", "text/plain"),), b"There is no such page.\n")
        if request.method not in methods:
            return Response(405, (("Allow", ", ".join(methods)),))
        try:
            match name:
                case "getRequestToken":
                    return self._begin(request, origins)
                case "getAccessToken":
                    return self._finish(request, origins)
                case "authorize":
                    return self._authorize(request)
                case _:
                    return self._show_grants(request)
        except Refused as refused:
            return Response(401, _FORM, refused.message.encode())

    # -- what applications send --------------------------------------------------------------------

    def _begin(self, request: Request, origins: Iterable[str]) -> Response:
        claim = read_claim(request)
        application = self._gatekeeper.prove(
            request, claim, origins=origins, token=None, needs=["oauth_callback"]
        )
        callback = claim.oauth["oauth_callback"]
        if not _is_callback(callback):
            raise problem("parameter_rejected")
        begun = self.pending.begin(application.key, callback)
        return _form(
            oauth_token=begun.token, oauth_token_secret=begun.secret, oauth_callback_confirmed="true"
        )

    def _finish(self, request: Request, origins: Iterable[str]) -> Response:
        claim = read_claim(request)
        begun = self.pending.find(claim.oauth.get("oauth_token", ""))
        known = None if begun is None else Known(begun.application, begun.secret)
        needs = ["oauth_token", "oauth_verifier"]
        self._gatekeeper.prove(request, claim, origins=origins, token=known, needs=needs)
        grant = self.pending.use(claim.oauth["oauth_token"], claim.oauth["oauth_verifier"])
        token = Token(draw(32), draw(64), grant.id)
        if not self._gatekeeper.registry.add_token(token):  # revoked in the meantime
            raise problem("permission_denied")
        return _form(oauth_token=token.token, oauth_token_secret=token.secret)

    # -- what people see ---------------------------------------------------------------------------

    def _authorize(self, request: Request) -> Response:
        """The page, and its form coming back. Options may stand in the address or in the form."""
        given = dict([*request.params, *request.form])
        begun = self.pending.find(given.get("oauth_token", ""))
        if begun is None:
            return pages.trouble_page("No application is waiting to be let in.", _BEGIN_ANEW)
        if begun.used or self.pending.is_expired(begun):
            return pages.trouble_page("It is too late for an answer.", _BEGIN_ANEW)
        access, permissions = given.get("Access", "Public"), given.get("Permissions", "Read")
        if access not in get_args(Access) or permissions not in get_args(Permissions):
            sentence = "The application asks for something that does not exist."
            return pages.trouble_page(sentence, "Access is Full or Public; Permissions Read, Add or Modify.")
        wish = cast(Access, access), cast(Permissions, permissions)
        user = self._user(given.get("username", ""))
        by_itself = self._switches().authorize
        if request.method == "POST":
            if not hmac.compare_digest(given.get("proof", "").encode(), begun.proof.encode()):
                return pages.trouble_page("This answer did not come from the page.", _BEGIN_ANEW)
            return self._decide(begun, given.get("decision", ""), user, wish)
        if request.method == "GET" and by_itself != "ask":
            return self._decide(begun, by_itself, user, wish)
        if begun.decided:
            return pages.trouble_page("There is an answer already.", _BEGIN_ANEW)
        return self._ask(begun, given, user, wish)

    def _user(self, wanted: str) -> str:
        """Whose account: the one that was named, if it exists, else the likeliest."""
        users = self._users()
        return next((user for user in users if user.casefold() == wanted.strip().casefold()), users[0])

    def _ask(
        self, begun: RequestToken, given: Mapping[str, str], user: str, wish: tuple[Access, Permissions]
    ) -> Response:
        users = self._users()
        standing = (self._gatekeeper.registry.standing(one, begun.application) for one in users)
        access, permissions = wish
        return pages.ask_page(
            pages.Question(
                self._name_of(begun.application),
                access,
                permissions,
                users,
                user,
                begun.callback,
                [grant for grant in standing if grant and (grant.access, grant.permissions) != wish],
                [
                    ("oauth_token", begun.token),
                    ("proof", begun.proof),
                    ("Access", access),
                    ("Permissions", permissions),
                ],
                AUTHORIZE,
                GRANTS,
                _scale(given.get("viewportScale", "")),
            )
        )

    def _decide(
        self, begun: RequestToken, decision: str, user: str, wish: tuple[Access, Permissions]
    ) -> Response:
        """What the button does. The same answer may come again, as when a button is pressed twice."""
        with self._deciding:
            if begun.decided and begun.refused != (decision == "refuse"):
                return pages.trouble_page("There is another answer already.", _BEGIN_ANEW)
            if decision == "refuse":
                begun.refuse()
                return self._tell_refusal(begun)
            if decision != "approve":
                return pages.trouble_page("That is no answer.", "Go back and press one of the buttons.")
            grant = begun.grant
            if grant is None:
                asked = Grant(draw(12), user, begun.application, *wish, self._clock())
                grant = self._gatekeeper.registry.grant(asked)
                begun.approve(grant)
            return self._tell_approval(begun, grant)

    def _tell_refusal(self, begun: RequestToken) -> Response:
        """`permission_denied` is the extension's word for it; what the service sends is not known."""
        if begun.callback == "oob":
            return pages.refused_page(self._name_of(begun.application))
        return _redirect(begun.callback, oauth_token=begun.token, oauth_problem="permission_denied")

    def _tell_approval(self, begun: RequestToken, grant: Grant) -> Response:
        if begun.callback == "oob":
            return pages.code_page(self._name_of(begun.application), grant, begun.verifier)
        return _redirect(begun.callback, oauth_token=begun.token, oauth_verifier=begun.verifier)

    def _name_of(self, key: str) -> str:
        application = self._gatekeeper.registry.application(key)
        return application.name if application else key

    def _show_grants(self, request: Request) -> Response:
        """The list, after a grant was revoked if the form says so."""
        registry = self._gatekeeper.registry
        given = dict(request.form)
        if request.method == "POST":
            if not hmac.compare_digest(given.get("proof", "").encode(), self._proof.encode()):
                return pages.trouble_page("This did not come from the page.", "Load it again.")
            try:
                registry.revoke(given.get("grant", ""))
            except LookupError:
                return pages.trouble_page("There is no such grant.", "Load the page again.")
            return Response(303, (("Location", GRANTS),))
        shown = [
            (grant, self._name_of(grant.application), tokens)
            for grant, tokens in registry.grants
            if not grant.revoked
        ]
        return pages.grants_page(shown, action=GRANTS, proof=self._proof)


def _form(**values: str) -> Response:
    return Response(200, _FORM, urlencode(values).encode())


def _is_callback(callback: str) -> bool:
    """`oob`, or an address of the web: of this machine too, with any port (facts 1.1)."""
    if callback == "oob":
        return True
    try:
        return _ADDRESS.fullmatch(callback) is not None and bool(urlsplit(callback).hostname)
    except ValueError:
        return False


def _redirect(callback: str, **values: str) -> Response:
    """Back to the application; what its address asks for already is kept."""
    address, hash_sign, fragment = callback.partition("#")
    joint = "&" if "?" in address else "?"
    location = f"{address}{joint}{urlencode(values)}{hash_sign}{fragment}"
    return Response(302, (("Location", location), ("Cache-Control", "no-store")))


def _scale(text: str) -> float:
    """`viewportScale`, from 0.0 to 1.0; anything else means 1."""
    try:
        scale = float(text)
    except ValueError:
        return 1
    return scale if 0 < scale <= 1 else 1
