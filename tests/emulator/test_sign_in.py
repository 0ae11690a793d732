"""How an application comes by an access token, asked of the core; authlib signs."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest
from authlib.oauth1 import ClientAuth  # type: ignore[import-untyped]  # it ships no types
from oauthlib import oauth1

from smugsync.emulator.emulator import Emulator
from smugsync.emulator.messages import Request, Response
from smugsync.emulator.settings import Settings, Switches
from tests.emulator.ask import HOST, ORIGIN, Clock

BASE = "/services/oauth/1.0a/"
FORM = {"content-type": "application/x-www-form-urlencoded"}
CALLBACK = "http://localhost:8910/callback"


class Page(HTMLParser):
    """What stands on a page, as far as the tests look at it."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.buttons: dict[str, str] = {}
        self.options: list[str] = []
        self.chosen = ""
        self.links: list[str] = []
        self.action = ""
        self.viewport = ""
        self.tags: list[str] = []
        self.texts: dict[str, str] = {}
        self._open: list[str] = []
        self._shown: list[str] = []
        self.feed(response.content().decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.tags.append(tag)
        if tag not in ("meta", "input"):
            self._open.append(tag)
        match tag:
            case "input":
                self.fields[given["name"]] = given["value"]
            case "form":
                self.action = given["action"]
            case "button" if "value" in given:
                self.buttons[given["value"]] = given["name"]
            case "option":
                self.options.append("")
                self.chosen = "" if "selected" in given else self.chosen
            case "a":
                self.links.append(given["href"])
            case "meta" if given.get("name") == "viewport":
                self.viewport = given["content"]
        self._selected = "selected" in given

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag, "tags are closed in their order"

    def handle_data(self, data: str) -> None:
        if not {"style", "title"} & set(self._open):
            self._shown.append(data)
        if self._open:
            self.texts[self._open[-1]] = self.texts.get(self._open[-1], "") + data
        if self._open and self._open[-1] == "option":
            self.options[-1] += data
            if self._selected:
                self.chosen = data

    @property
    def text(self) -> str:
        return " ".join("".join(self._shown).split())


@dataclass
class Application:
    """Some application that signs in at an emulator."""

    emulator: Emulator
    key: str = "its-key"
    secret: str = "its-secret"
    name: str = "Printer & Co"
    method: str = "POST"
    where: str = "HEADER"
    signs: str = "HMAC-SHA1"
    scheme: str = "https"
    host: str = field(default=HOST)

    def __post_init__(self) -> None:
        self.emulator.gatekeeper.register(self.name, self.key, self.secret)

    def send(self, target: str, method: str = "", body: bytes = b"", **signing: Any) -> Response:
        """Signed. `target` is path and query; `signing` is what authlib takes besides the key."""
        method = method or self.method
        auth = ClientAuth(
            self.key,
            client_secret=self.secret,
            signature_type=self.where,
            signature_method=self.signs,
            **signing,
        )
        url = f"{self.scheme}://{self.host}{target}"
        headers = {"Content-Type": "application/x-www-form-urlencoded"} if self.where == "BODY" else {}
        url, sent, body = auth.prepare(method, url, headers, body)
        place = urlsplit(url)
        lower = {name.lower(): value for name, value in sent.items()} | {"host": self.host}
        data = str(body).encode() if self.where == "BODY" else body
        return self.emulator.handle(
            Request(
                method, place.path, place.query, {"accept": "application/json", **lower}, data, self.scheme
            )
        )

    def begin(self, callback: str = "oob") -> dict[str, str]:
        response = self.send(BASE + "getRequestToken", redirect_uri=callback)
        assert response.status == 200, response.content()
        return form(response)

    def finish(self, begun: dict[str, str], verifier: str) -> Response:
        return self.send(
            BASE + "getAccessToken",
            token=begun["oauth_token"],
            token_secret=begun["oauth_token_secret"],
            verifier=verifier,
        )

    def sign_in(self, **wishes: str) -> dict[str, str]:
        """All of it; the access token."""
        begun = self.begin()
        code = read_code(press(self.emulator, look(self.emulator, begun, **wishes)))
        return form(self.finish(begun, code))

    def ask(self, token: dict[str, str], target: str, method: str = "GET", body: bytes = b"") -> Response:
        keys = {"token": token["oauth_token"], "token_secret": token["oauth_token_secret"]}
        return self.send(target, method, body, **keys)


@pytest.fixture
def emulator() -> Emulator:
    return Emulator(Settings(albums=1, images=1))


@pytest.fixture
def application(emulator: Emulator) -> Application:
    return Application(emulator)


def form(response: Response) -> dict[str, str]:
    assert response.header("Content-Type") == "application/x-www-form-urlencoded"
    return dict(parse_qsl(response.content().decode(), strict_parsing=True))


def problem(response: Response) -> str:
    """The name of the problem; nothing else stands in such an answer."""
    assert response.status == 401
    assert form(response).keys() == {"oauth_problem"}
    return form(response)["oauth_problem"]


def browse(
    emulator: Emulator, query: dict[str, str], method: str = "GET", path: str = "authorize"
) -> Response:
    return emulator.handle(Request(method, BASE + path, urlencode(query), {"host": HOST}))


def look(emulator: Emulator, begun: dict[str, str], **wishes: str) -> Page:
    response = browse(emulator, {"oauth_token": begun["oauth_token"], **wishes})
    assert response.status == 200, response.content()
    return Page(response)


def press(emulator: Emulator, page: Page, button: str = "approve", **changes: str) -> Response:
    """What a browser sends."""
    fields = {**page.fields, page.buttons.get(button, "decision"): button, **changes}
    if page.options:
        fields.setdefault("username", page.chosen or page.options[0])
    return emulator.handle(
        Request("POST", page.action, "", {"host": HOST, **FORM}, urlencode(fields).encode())
    )


def read_code(response: Response) -> str:
    assert response.status == 200, response.content()
    return Page(response).texts["output"]


# -- the request token -----------------------------------------------------------------------------


def test_a_request_token_comes_as_a_form(application: Application) -> None:
    begun = application.begin()
    assert begun.keys() == {"oauth_token", "oauth_token_secret", "oauth_callback_confirmed"}
    assert begun["oauth_callback_confirmed"] == "true"
    assert begun["oauth_token"] != application.begin()["oauth_token"]


def test_a_callback_has_to_be_named(application: Application) -> None:
    response = application.send(BASE + "getRequestToken")
    assert response.content() == b"oauth_problem=parameter_absent"
    assert problem(response) == "parameter_absent"


@pytest.mark.parametrize(
    "callback",
    [
        "oob",
        "https://printer.example/ready",
        "http://localhost:8910/cb?a=1",
        "http://127.0.0.1",
        "HTTP://[::1]:1/",
    ],
)
def test_a_callback_is_an_address_or_oob(application: Application, callback: str) -> None:
    assert application.begin(callback)["oauth_callback_confirmed"] == "true"


@pytest.mark.parametrize(
    "callback",
    [
        "OOB",
        "printer.example/ready",
        "ftp://printer.example/",
        "javascript:alert(1)",
        "http://",
        "http://[/",
        "http://a b/",
        "http://a/\r\nSet-Cookie: a=b",
        "http://a/ü",
    ],
)
def test_another_callback_is_rejected(application: Application, callback: str) -> None:
    response = application.send(BASE + "getRequestToken", redirect_uri=callback)
    assert problem(response) == "parameter_rejected"


@pytest.mark.parametrize("signs", ["HMAC-SHA1", "PLAINTEXT"])
@pytest.mark.parametrize(("method", "where"), [("GET", "QUERY"), ("POST", "HEADER"), ("POST", "BODY")])
def test_parameters_may_stand_anywhere(emulator: Emulator, method: str, where: str, signs: str) -> None:
    application = Application(emulator, method=method, where=where, signs=signs)
    token = application.sign_in(Access="Full")
    application.where = "HEADER"
    assert application.ask(token, "/api/v2!authuser").status == 200


def test_the_verifier_may_stand_in_the_query_beside_a_signed_header(
    emulator: Emulator, application: Application
) -> None:
    begun = application.begin()
    code = read_code(press(emulator, look(emulator, begun)))
    client = oauth1.Client(
        application.key,
        client_secret=application.secret,
        resource_owner_key=begun["oauth_token"],
        resource_owner_secret=begun["oauth_token_secret"],
    )
    target, query = BASE + "getAccessToken", f"oauth_verifier={code}"
    _, headers, _ = client.sign(f"{ORIGIN}{target}?{query}")
    sent = {"host": HOST, "authorization": headers["Authorization"]}
    response = emulator.handle(Request("GET", target, query, sent))
    assert form(response).keys() == {"oauth_token", "oauth_token_secret"}


@pytest.mark.parametrize("host", ["secure.smugmug.com", "api.smugmug.com", "localhost:1234"])
def test_any_host_will_do(emulator: Emulator, host: str) -> None:
    assert Application(emulator, host=host).begin()


def test_the_services_other_host_may_be_what_was_signed(emulator: Emulator) -> None:
    emulator.gatekeeper.register("Printer", "its-key", "its-secret")
    auth = ClientAuth("its-key", client_secret="its-secret", redirect_uri="oob")
    target = BASE + "getRequestToken"
    _, headers, _ = auth.prepare("POST", "https://secure.smugmug.com" + target, {}, b"")
    sent = {"host": HOST, "authorization": headers["Authorization"]}
    assert emulator.handle(Request("POST", target, "", sent)).status == 200


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"key": "unknown"}, "consumer_key_unknown"),
        ({"secret": "wrong"}, "signature_invalid"),
        ({"signs": "PLAINTEXT", "scheme": "http"}, "signature_method_rejected"),
    ],
)
def test_who_does_not_know_the_secrets_begins_nothing(
    application: Application, change: dict[str, str], name: str
) -> None:
    for key, value in change.items():
        setattr(application, key, value)
    assert problem(application.send(BASE + "getRequestToken", redirect_uri="oob")) == name


def test_an_unsigned_request_begins_nothing(emulator: Emulator) -> None:
    response = browse(emulator, {"oauth_callback": "oob"}, "POST", "getRequestToken")
    assert problem(response) == "parameter_absent"


def test_a_request_for_a_token_is_good_once(emulator: Emulator) -> None:
    emulator.gatekeeper.register("Printer", "its-key", "its-secret")
    auth = ClientAuth("its-key", client_secret="its-secret", redirect_uri="oob")
    target = BASE + "getRequestToken"
    _, headers, _ = auth.prepare("POST", ORIGIN + target, {}, b"")
    request = Request("POST", target, "", {"host": HOST, "authorization": headers["Authorization"]})
    assert emulator.handle(request).status == 200
    assert problem(emulator.handle(request)) == "nonce_used"


# -- the page --------------------------------------------------------------------------------------


def test_the_page_says_who_asks_for_what_and_where_it_leads(
    emulator: Emulator, application: Application
) -> None:
    page = look(emulator, application.begin(CALLBACK), Access="Full", Permissions="Modify")
    assert page.texts["h1"] == "Printer & Co asks to be let into your account"
    assert "private galleries and originals" in page.text
    assert "Add, change and delete" in page.text
    assert "return to localhost:8910" in page.text
    assert page.buttons.keys() == {"approve", "refuse"}
    assert page.options == ["demo", "demo-visitor"]
    assert {"main", "label", "title"} <= set(page.tags)


def test_the_page_says_that_a_code_will_follow(emulator: Emulator, application: Application) -> None:
    assert "a code to type into the application" in look(emulator, application.begin()).text


def test_names_are_shown_as_they_are(emulator: Emulator) -> None:
    name = "<script>alert('&amp;\")</script>"
    application = Application(emulator, name=name)
    begun = application.begin('http://a/"><script>')
    response = browse(emulator, {"oauth_token": begun["oauth_token"], "username": "<b>"})
    page = Page(response)
    assert name in page.texts["h1"]
    assert not {"script", "b"} & set(page.tags)
    code = press(emulator, look(emulator, application.begin()))
    assert name in Page(code).texts["h1"]
    application.sign_in()
    listed = Page(browse(emulator, {}, path="authorized"))
    assert name in listed.texts["h2"]
    assert "script" not in listed.tags


def test_a_page_runs_and_frames_nothing(emulator: Emulator, application: Application) -> None:
    response = browse(emulator, {"oauth_token": application.begin()["oauth_token"]})
    policy = response.header("Content-Security-Policy") or ""
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert response.header("Cache-Control") == "no-store"


@pytest.mark.parametrize(
    ("asked", "used"), [("0.5", "0.5"), ("1.0", "1"), ("", "1"), ("7", "1"), ("nan", "1"), ("<", "1")]
)
def test_the_viewport_is_scaled_as_asked(
    emulator: Emulator, application: Application, asked: str, used: str
) -> None:
    page = look(emulator, application.begin(), viewportScale=asked)
    assert page.viewport == f"width=device-width, initial-scale={used}"


def test_the_other_options_are_taken(emulator: Emulator, application: Application) -> None:
    options = {"allowThirdPartyLogin": "1", "showSignUpButton": "false", "viewfinder": "x"}
    assert look(emulator, application.begin(), **options).buttons


@pytest.mark.parametrize("wish", [{"Access": "Some"}, {"Permissions": "Delete"}, {"Access": "full"}])
def test_a_wish_that_does_not_exist_is_told_the_person(
    emulator: Emulator, application: Application, wish: dict[str, str]
) -> None:
    response = browse(emulator, {"oauth_token": application.begin()["oauth_token"], **wish})
    assert response.status == 400
    assert "does not exist" in Page(response).texts["h1"]


@pytest.mark.parametrize("query", [{}, {"oauth_token": ""}, {"oauth_token": "unknown"}])
def test_nobody_waits_behind_an_unknown_token(emulator: Emulator, query: dict[str, str]) -> None:
    response = browse(emulator, query)
    assert response.status == 400
    assert "No application is waiting" in Page(response).texts["h1"]


def test_looking_decides_nothing(emulator: Emulator, application: Application) -> None:
    begun = application.begin()
    for method in ("GET", "HEAD"):
        assert browse(emulator, {"oauth_token": begun["oauth_token"]}, method).status == 200
    assert problem(application.finish(begun, "123456")) == "permission_unknown"


def test_an_answer_comes_from_the_page(emulator: Emulator, application: Application) -> None:
    begun, other = application.begin(), application.begin()
    page = look(emulator, begun)
    for proof in ("", "x" * 32, look(emulator, other).fields["proof"], "é"):
        assert press(emulator, page, proof=proof).status == 400
    assert problem(application.finish(begun, "123456")) == "permission_unknown"


def test_an_answer_is_one_of_the_two_buttons(emulator: Emulator, application: Application) -> None:
    begun = application.begin()
    assert press(emulator, look(emulator, begun), "perhaps").status == 400
    assert problem(application.finish(begun, "123456")) == "permission_unknown"


# -- the answer ------------------------------------------------------------------------------------


def test_out_of_band_a_code_of_six_digits_is_shown(emulator: Emulator, application: Application) -> None:
    begun = application.begin()
    response = press(emulator, look(emulator, begun, Access="Full"))
    code = read_code(response)
    assert re.fullmatch("[0-9]{6}", code)
    assert re.findall(r"\d{6}", response.content().decode()) == [code]
    assert form(application.finish(begun, code)).keys() == {"oauth_token", "oauth_token_secret"}


@pytest.mark.parametrize(
    ("callback", "kept"),
    [
        (CALLBACK, CALLBACK + "?"),
        (CALLBACK + "?a=1&b=x+y", CALLBACK + "?a=1&b=x+y&"),
    ],
)
def test_with_a_callback_the_browser_is_sent_back(
    emulator: Emulator, application: Application, callback: str, kept: str
) -> None:
    begun = application.begin(callback)
    response = press(emulator, look(emulator, begun))
    location = str(response.header("Location"))
    assert response.status == 302
    assert location.startswith(kept)
    query = parse_qs(urlsplit(location).query)
    assert query["oauth_token"] == [begun["oauth_token"]]
    assert form(application.finish(begun, query["oauth_verifier"][0]))


def test_the_query_of_a_callback_stands_before_its_fragment(
    emulator: Emulator, application: Application
) -> None:
    begun = application.begin(CALLBACK + "#top")
    location = str(press(emulator, look(emulator, begun)).header("Location"))
    assert location.startswith(f"{CALLBACK}?oauth_token={begun['oauth_token']}&")
    assert location.endswith("#top")


def test_a_refusal_is_shown_and_told(emulator: Emulator, application: Application) -> None:
    begun = application.begin()
    response = press(emulator, look(emulator, begun), "refuse")
    assert response.status == 200
    assert "was not let in" in Page(response).texts["h1"]
    assert problem(application.finish(begun, "123456")) == "permission_denied"


def test_a_refusal_goes_to_the_callback(emulator: Emulator, application: Application) -> None:
    begun = application.begin(CALLBACK)
    response = press(emulator, look(emulator, begun), "refuse")
    query = f"oauth_token={begun['oauth_token']}&oauth_problem=permission_denied"
    assert (response.status, response.header("Location")) == (302, f"{CALLBACK}?{query}")
    assert problem(application.finish(begun, "123456")) == "permission_denied"


def test_a_button_may_be_pressed_twice(emulator: Emulator, application: Application) -> None:
    page = look(emulator, application.begin())
    assert read_code(press(emulator, page)) == read_code(press(emulator, page))


@pytest.mark.parametrize(("first", "second"), [("approve", "refuse"), ("refuse", "approve")])
def test_an_answer_stays(emulator: Emulator, application: Application, first: str, second: str) -> None:
    page = look(emulator, application.begin())
    press(emulator, page, first)
    assert press(emulator, page, second).status == 400
    assert browse(emulator, page.fields).status == 400


@pytest.mark.parametrize(
    ("wanted", "user"), [("", "demo"), ("Demo-Visitor", "demo-visitor"), ("x@y", "demo")]
)
def test_the_username_is_a_proposal(
    emulator: Emulator, application: Application, wanted: str, user: str
) -> None:
    assert look(emulator, application.begin(), username=wanted).chosen == user


def test_the_person_says_whose_account_it_is(emulator: Emulator, application: Application) -> None:
    begun = application.begin()
    code = read_code(press(emulator, look(emulator, begun), username="demo-visitor"))
    token = form(application.finish(begun, code))
    shown: Any = application.ask(token, "/api/v2!authuser").json()
    assert shown["Response"]["User"]["NickName"] == "demo-visitor"


@pytest.mark.parametrize("callback", ["oob", CALLBACK])
def test_the_page_may_answer_by_itself(application: Application, callback: str) -> None:
    application.emulator.turn(Switches(authorize="approve"))
    begun = application.begin(callback)
    query = {"oauth_token": begun["oauth_token"], "Access": "Full", "Permissions": "Modify"}
    assert browse(application.emulator, query, "HEAD").status == 200
    assert problem(application.finish(begun, "123456")) == "permission_unknown"
    response = browse(application.emulator, query)
    location = parse_qs(urlsplit(response.header("Location") or "").query)
    code = location["oauth_verifier"][0] if location else read_code(response)
    assert form(application.finish(begun, code))
    level = application.emulator.gatekeeper.tokens()[-1]
    assert (level["user"], level["access"], level["permissions"]) == ("demo", "Full", "Modify")


def test_the_page_may_refuse_by_itself(application: Application) -> None:
    application.emulator.turn(Switches(authorize="refuse"))
    begun = application.begin(CALLBACK)
    assert browse(application.emulator, {"oauth_token": begun["oauth_token"]}).status == 302
    assert problem(application.finish(begun, "123456")) == "permission_denied"


# -- the access token ------------------------------------------------------------------------------


def test_a_wrong_code_is_told_and_may_be_corrected(emulator: Emulator, application: Application) -> None:
    begun = application.begin()
    code = read_code(press(emulator, look(emulator, begun)))
    for wrong in (f"{(int(code) + 1) % 10**6:06}", "x", "é"):
        assert problem(application.finish(begun, wrong)) == "verifier_invalid"
    assert form(application.finish(begun, code))


def test_a_code_is_needed(emulator: Emulator, application: Application) -> None:
    begun = application.begin()
    press(emulator, look(emulator, begun))
    assert problem(application.finish(begun, "")) == "parameter_absent"


def test_a_request_token_is_good_once(emulator: Emulator, application: Application) -> None:
    begun = application.begin()
    page = look(emulator, begun)
    code = read_code(press(emulator, page))
    assert form(application.finish(begun, code))
    assert problem(application.finish(begun, code)) == "token_used"
    assert press(emulator, page).status == 400
    assert "too late" in Page(browse(emulator, page.fields)).texts["h1"]


@pytest.mark.parametrize(("later", "good"), [(290, True), (310, False)])
def test_a_request_token_lives_five_minutes(later: float, good: bool) -> None:
    clock = Clock(time.time() - 200)  # the time stamps of authlib have to be near enough at both ends
    emulator = Emulator(Settings(albums=0), clock=clock)
    application = Application(emulator)
    begun, unanswered = application.begin(), application.begin()
    code = read_code(press(emulator, look(emulator, begun)))
    clock.now += later
    assert browse(emulator, {"oauth_token": unanswered["oauth_token"]}).status == (200 if good else 400)
    response = application.finish(begun, code)
    if good:
        assert form(response).keys() == {"oauth_token", "oauth_token_secret"}
    else:
        assert problem(response) == "token_expired"


def test_a_request_token_belongs_to_its_application(emulator: Emulator, application: Application) -> None:
    begun = application.begin()
    code = read_code(press(emulator, look(emulator, begun)))
    thief = Application(emulator, key="another", secret="another-secret")
    assert problem(thief.finish(begun, code)) == "token_rejected"


def test_the_secret_of_the_request_token_is_needed(emulator: Emulator, application: Application) -> None:
    begun = application.begin()
    code = read_code(press(emulator, look(emulator, begun)))
    assert problem(application.finish({**begun, "oauth_token_secret": "x"}, code)) == "signature_invalid"
    assert form(application.finish(begun, code))


def test_the_two_kinds_of_token_are_not_each_other(emulator: Emulator, application: Application) -> None:
    refused: Any = application.ask(application.begin(), "/api/v2!authuser").json()
    assert refused == {"Code": 401, "Message": "oauth_problem=token_rejected"}
    assert problem(application.finish(application.sign_in(), "123456")) == "token_rejected"


def test_a_grant_withdrawn_before_the_end_gives_no_token(
    emulator: Emulator, application: Application
) -> None:
    earlier, begun = application.sign_in(), application.begin()
    code = read_code(press(emulator, look(emulator, begun)))
    emulator.gatekeeper.revoke(earlier["oauth_token"])
    assert problem(application.finish(begun, code)) == "permission_denied"


# -- what it is good for ---------------------------------------------------------------------------


def test_the_defaults_are_public_and_read(emulator: Emulator, application: Application) -> None:
    application.sign_in()
    level = emulator.gatekeeper.tokens()[-1]
    assert (level["access"], level["permissions"]) == ("Public", "Read")


@pytest.mark.parametrize(("access", "sees"), [("Full", True), ("Public", False)])
def test_access_decides_what_is_seen(access: str, sees: bool) -> None:
    emulator = Emulator(Settings())
    application = Application(emulator)
    token = application.sign_in(Access=access)
    letters = next(album for album in emulator.account.albums.values() if album.node.name == "Letters")
    assert application.ask(token, f"/api/v2/album/{letters.key}").status == (200 if sees else 404)
    user: Any = application.ask(token, "/api/v2!authuser").json()
    assert user["Response"]["User"]["NickName"] == "demo"
    assert (user["Response"]["User"]["ResponseLevel"] == "Full") is sees


@pytest.mark.parametrize("status", [401, 403])
def test_a_token_to_read_does_not_write(application: Application, status: Any) -> None:
    emulator = application.emulator
    emulator.turn(Switches(grant_status=status))
    token = application.sign_in(Access="Full", Permissions="Read")
    target = f"/api/v2/node/{emulator.account.root.id}!children"
    assert application.ask(token, target).status == 200
    response = application.ask(token, target, "POST", b'{"Name":"New"}')
    told: Any = response.json()
    assert (response.status, told["Code"]) == (status, status)
    assert told["Message"] == "The user has not granted the required permissions"
    assert "New" not in {node.name for node in emulator.account.root.children}


@pytest.mark.parametrize(("permissions", "allowed"), [("Read", False), ("Add", False), ("Modify", True)])
def test_only_modify_deletes(emulator: Emulator, permissions: str, allowed: bool) -> None:
    application = Application(emulator)
    token = application.sign_in(Access="Full", Permissions=permissions)
    key = next(iter(emulator.account.albums))
    assert application.ask(token, f"/api/v2/album/{key}", "DELETE").status == (200 if allowed else 403)
    assert (key not in emulator.account.albums) is allowed


def test_a_second_authorisation_does_not_change_the_level(
    emulator: Emulator, application: Application
) -> None:
    first = application.sign_in(Access="Full", Permissions="Read")
    begun = application.begin()
    page = look(emulator, begun, Access="Full", Permissions="Modify")
    assert "Access=Full and Permissions=Read" in page.text
    assert page.links == [BASE + "authorized"]
    done = Page(press(emulator, page))
    assert "Only look" in done.text
    second = form(application.finish(begun, done.texts["output"]))
    levels = {one["token"]: one["permissions"] for one in emulator.gatekeeper.tokens()}
    assert levels[first["oauth_token"]] == levels[second["oauth_token"]] == "Read"
    assert application.ask(first, "/api/v2!authuser").status == 200
    assert application.ask(second, "/api/v2!authuser").status == 200


def test_once_revoked_another_level_may_be_granted(emulator: Emulator, application: Application) -> None:
    first = application.sign_in(Permissions="Read")
    emulator.gatekeeper.revoke(first["oauth_token"])
    second = application.sign_in(Permissions="Modify")
    assert emulator.gatekeeper.tokens()[-1]["permissions"] == "Modify"
    refused: Any = application.ask(first, "/api/v2!authuser").json()
    assert refused == {"Code": 401, "Message": "oauth_problem=token_revoked"}
    assert application.ask(second, "/api/v2!authuser").status == 200


def test_levels_are_each_users_and_each_applications_own(
    emulator: Emulator, application: Application
) -> None:
    application.sign_in(Permissions="Read")
    application.sign_in(Permissions="Add", username="demo-visitor")
    Application(emulator, key="another").sign_in(Permissions="Modify")
    levels = [(one["user"], one["permissions"]) for one in emulator.gatekeeper.tokens()]
    assert levels[-3:] == [("demo", "Read"), ("demo-visitor", "Add"), ("demo", "Modify")]


def test_announced_tokens_do_not_decide_what_a_person_grants(emulator: Emulator) -> None:
    keys = emulator.credentials
    application = Application(emulator, key=keys.api_key, secret=keys.api_secret)
    token = application.sign_in(Access="Full", Permissions="Read")
    target = f"/api/v2/node/{emulator.account.root.id}!children"
    assert application.ask(token, target, "POST", b'{"Name":"New"}').status == 403


# -- the page of grants ----------------------------------------------------------------------------


def authorized(emulator: Emulator) -> Page:
    return Page(browse(emulator, {}, path="authorized"))


def test_a_person_sees_who_was_let_in_and_reads_the_tokens(
    emulator: Emulator, application: Application
) -> None:
    token = application.sign_in(Access="Full", Permissions="Add")
    page = authorized(emulator)
    assert "Printer & Co, in the account demo" in page.texts["h2"]
    assert token["oauth_token"] in page.texts["code"]
    assert token["oauth_token_secret"] in page.texts["code"]
    assert "change or delete nothing" in page.text


def test_a_person_revokes_a_grant_and_every_token_of_it(emulator: Emulator, application: Application) -> None:
    tokens = [application.sign_in(), application.sign_in()]
    response = press(emulator, authorized(emulator))  # the last form on the page is the newest grant's
    assert (response.status, response.header("Location")) == (303, BASE + "authorized")
    for token in tokens:
        refused: Any = application.ask(token, "/api/v2!authuser").json()
        assert refused["Message"] == "oauth_problem=token_revoked"
    assert "Printer" not in authorized(emulator).text


@pytest.mark.parametrize("change", [{"proof": ""}, {"proof": "x" * 32}, {"grant": "x"}, {"grant": ""}])
def test_only_the_page_revokes(emulator: Emulator, application: Application, change: dict[str, str]) -> None:
    token = application.sign_in()
    assert press(emulator, authorized(emulator), **change).status == 400
    assert application.ask(token, "/api/v2/user/demo").status == 200


def test_when_all_is_revoked_the_page_says_so(emulator: Emulator) -> None:
    for one in emulator.gatekeeper.tokens():
        emulator.gatekeeper.revoke(one["token"])
    assert "No application is let in" in authorized(emulator).text


# -- behind the scenes -----------------------------------------------------------------------------


def control(emulator: Emulator, method: str, path: str, body: object = None) -> tuple[int, Any]:
    data = b"" if body is None else json.dumps(body).encode()
    response = emulator.handle(Request(method, "/_emulator" + path, "", {}, data))
    return response.status, response.json()


def test_tests_see_and_revoke_tokens(emulator: Emulator, application: Application) -> None:
    token = application.sign_in(Access="Full", Permissions="Add")
    status, body = control(emulator, "GET", "/tokens")
    told = body["tokens"][-1]
    granted = told.pop("granted")
    assert (status, told) == (
        200,
        {
            "token": token["oauth_token"],
            "secret": token["oauth_token_secret"],
            "user": "demo",
            "application": "Printer & Co",
            "api_key": "its-key",
            "access": "Full",
            "permissions": "Add",
            "announced": False,
            "revoked": False,
        },
    )
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", granted)
    assert [one["announced"] for one in body["tokens"]] == [True, True, False]
    status, body = control(emulator, "DELETE", f"/tokens/{token['oauth_token']}")
    assert (status, [one["revoked"] for one in body["tokens"]]) == (200, [False, False, True])
    assert control(emulator, "DELETE", "/tokens/unknown")[0] == 404


def test_tests_register_applications(emulator: Emulator) -> None:
    new = {"name": "Printer", "key": "new-key", "secret": "new-secret"}
    assert control(emulator, "POST", "/applications", new) == (200, {})
    assert Application(emulator, key="new-key", secret="new-secret").begin()
    assert control(emulator, "POST", "/applications", {**new, "secret": ""})[0] == 400


def test_tokens_survive_a_restart_and_request_tokens_do_not(
    emulator: Emulator, application: Application
) -> None:
    before = emulator.gatekeeper.changes
    token, begun = application.sign_in(Permissions="Read"), application.begin()
    assert emulator.gatekeeper.changes > before
    restarted = Emulator(emulator.settings)
    restarted.gatekeeper.load(json.loads(json.dumps(emulator.gatekeeper.dump())))
    again = Application(restarted)
    assert again.ask(token, "/api/v2!authuser").status == 200
    assert problem(again.finish(begun, "123456")) == "token_rejected"
    again.sign_in(Permissions="Modify")
    assert restarted.gatekeeper.tokens()[-1]["permissions"] == "Read"


def test_beginning_and_using_change_nothing_that_is_kept(
    emulator: Emulator, application: Application
) -> None:
    token = application.sign_in()
    before = emulator.gatekeeper.changes
    application.begin()
    application.ask(token, "/api/v2!authuser")
    assert emulator.gatekeeper.changes == before
    application.sign_in()
    assert emulator.gatekeeper.changes > before


@pytest.mark.parametrize(
    ("name", "method", "allowed"),
    [
        ("getRequestToken", "PUT", "GET, POST"),
        ("getAccessToken", "DELETE", "GET, POST"),
        ("authorize", "PUT", "GET, HEAD, POST"),
        ("authorized", "DELETE", "GET, HEAD, POST"),
    ],
)
def test_other_methods_are_not_allowed(emulator: Emulator, name: str, method: str, allowed: str) -> None:
    response = browse(emulator, {}, method, name)
    assert (response.status, response.header("Allow")) == (405, allowed)


def test_other_addresses_are_not_found(emulator: Emulator) -> None:
    assert browse(emulator, {}, path="getEverything").status == 404
