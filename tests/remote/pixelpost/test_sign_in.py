"""The token, its nonces and its time, through a real session against a site that checks all of them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smugsync.core.model import Album
from smugsync.errors import Garbled, NotAuthorised, Rejected, SessionOver, SmugsyncError, Unreachable
from smugsync.remote.dialect import Auth, Call, Reply, Span
from smugsync.remote.gallery import Gallery
from smugsync.remote.hosts import Hosts
from smugsync.remote.pixelpost import proof
from smugsync.remote.pixelpost.dialect import Pixelpost
from smugsync.remote.pixelpost.sign_in import PixelpostToken
from smugsync.remote.pixelpost.site import Form
from smugsync.remote.session import Manners, Session
from smugsync.remote.signing import Negotiator
from smugsync.stop import Stop
from tests.remote.pixelpost import recordings
from tests.remote.pixelpost.recordings import load, present
from tests.remote.pixelpost.small_pixelpost import NOON, PRIVATE, PUBLIC, SITE, SmallPixelpost, photo

LOGIN = ["auth.request", "auth.token"]
FORMS = pytest.mark.parametrize("form", ["json", "get"])
ALBUM = Album("photos", "", "", "")
SPAN = Span(1, 100)


@dataclass
class Client:
    """A session whose monotonic clock runs with the site's; its wall clock is an hour off."""

    service: SmallPixelpost
    form: Form = "json"
    private: str = PRIVATE
    public: str = PUBLIC
    transport: Callable[[httpx.Request], httpx.Response] | None = None
    token: PixelpostToken = field(init=False)
    session: Session = field(init=False)

    def __post_init__(self) -> None:
        self.token = PixelpostToken(
            SITE,
            self.public,
            self.private,
            form=self.form,
            clock=lambda: self.service.now + 3600,
            ticks=lambda: self.service.now - NOON,
        )
        manners = Manners(tries=3, ticks=lambda: 0.0, random=lambda: 0.0, sleep=lambda _: None)
        transport = httpx.MockTransport(self.transport or self.service)
        self.session = Session(transport, Hosts([SITE]), self.token, Stop(), manners=manners)
        self.dialect = Pixelpost(SITE, form=self.form)
        self.gallery = Gallery(self.dialect, self.session)

    def count(self) -> int | None:
        return self.gallery.account().size

    def ask(self, call: Call) -> Reply:
        return self.session.ask(call, self.dialect)


def site_of(count: int = 3, **switches: Any) -> SmallPixelpost:
    return SmallPixelpost([photo(number) for number in range(1, count + 1)], **switches)


@FORMS
def test_it_signs_in_once_and_every_question_proves_itself(form: Form) -> None:
    client = Client(site_of(120), form)
    assert client.count() == 120
    listing = client.gallery.files(ALBUM)
    assert sum(map(len, listing)) == 120
    assert listing.complete
    assert client.service.asked == [*LOGIN, "photo.count", "photo.list", "photo.list", "photo.count"]


@FORMS
def test_text_of_every_kind_keeps_the_chain(form: Form) -> None:
    service = SmallPixelpost(
        [photo(1, title="Ä 'x' \"y\" <z> & \\ / \u2028 😀", description="a\r\nb\t", visible=False)]
    )
    client = Client(service, form)
    for _ in range(3):
        (page,) = [page for page in client.gallery.files(ALBUM) if page]
        assert page[0].details.title == service.photos[0]["title"]
    assert service.asked.count("auth.token") == 1


@FORMS
def test_notices_of_php_around_an_answer_keep_the_chain(form: Form) -> None:
    notice = "<br />\n<b>Deprecated</b>:  x is deprecated in <b>/a.php</b> on line <b>9</b><br />\n"
    service = site_of(120, spoil=lambda body: notice + body + "\n" + notice)
    client = Client(service, form)
    assert client.count() == 120
    assert sum(map(len, client.gallery.files(ALBUM))) == 120
    service.now += 400
    assert client.count() == 120  # an old token, told among notices
    assert service.asked.count("auth.token") <= 2


@pytest.mark.parametrize(("broken", "asked"), [(1, 3), (3, 3)])
def test_what_is_no_answer_is_asked_again_and_then_told_in_its_own_words(broken: int, asked: int) -> None:
    left = [broken]

    def spoil(body: str) -> str:
        left[0] -= 1
        return "It works!" if left[0] >= 0 else body

    client = Client(site_of(spoil=spoil))
    if broken == 1:
        assert client.count() == 3
        return
    with pytest.raises(Unreachable, match=r"does not answer as a Pixelpost site does \(It works!\)"):
        client.count()
    assert client.service.asked == ["auth.request"] * asked


def test_it_is_a_negotiator_that_asks_one_at_a_time() -> None:
    token = PixelpostToken(SITE, PUBLIC, PRIVATE)
    assert isinstance(token, Negotiator)
    assert token.serial


@FORMS
def test_an_interval_is_signed_as_the_service_reads_it(form: Form) -> None:
    client = Client(site_of(300), form)
    call = client.dialect.changes(
        Album("photos", "", "", "", image_count=9), "8|2019-06-01T00:00:00+00:00|x", SPAN
    )
    assert call is not None
    page = client.dialect.read_changes(client.ask(call), SPAN, ALBUM)
    assert 0 < len(page.items) <= 100
    assert "bad" not in " ".join(client.service.asked)


class TestTime:
    @pytest.mark.parametrize("late", [0.0, 1.0])
    def test_a_token_is_good_until_its_window_ends(self, late: float) -> None:
        client = Client(site_of())
        client.count()
        client.service.now = -(-NOON // 300) * 300 + late
        client.count()
        assert client.service.asked[3:] == (["auth.refresh", "photo.count"] if late else ["photo.count"])

    def test_an_old_token_that_only_the_service_knows_of_is_refreshed(self) -> None:
        client = Client(site_of(tells_time=False))
        client.token = PixelpostToken(
            SITE, PUBLIC, PRIVATE, clock=lambda: client.service.now - 1, ticks=lambda: 0
        )
        client.session.sign_with(client.token)
        client.count()
        client.service.now = -(-NOON // 300) * 300 + 1.0  # one second ahead of our clock: its window is over
        assert client.service.asked == [*LOGIN, "photo.count"]
        assert client.count() == 3
        assert client.service.asked[3:5] == ["photo.count", "auth.refresh"]

    def test_it_is_refreshed_from_window_to_window(self) -> None:
        client = Client(site_of())
        for _ in range(10):
            assert client.count() == 3
            client.service.now += 299
        assert client.service.asked.count("auth.request") == 1
        assert client.service.asked.count("auth.refresh") >= 8
        assert len(client.service.tokens) == 1

    def test_after_a_long_rest_it_signs_in_anew(self) -> None:
        client = Client(site_of())
        client.count()
        client.service.now += 86_400
        client.service.tokens.clear()
        assert client.count() == 3
        assert client.service.asked[3:] == [*LOGIN, "photo.count"]

    def test_a_refused_refresh_leads_to_a_sign_in(self) -> None:
        client = Client(site_of())
        client.count()
        client.service.now += 300
        client.service.tokens.clear()
        assert client.count() == 3
        assert client.service.asked[3:] == ["auth.refresh", *LOGIN, "photo.count"]

    def test_a_window_that_ends_under_way_is_reckoned_once_more(self) -> None:
        service = site_of()
        client = Client(service)
        service.now = -(-NOON // 300) * 300

        def pass_by(method: str) -> None:
            if service.asked == LOGIN:
                service.now += 1

        service.before = pass_by
        assert client.count() == 3
        assert service.asked == [*LOGIN, *LOGIN, "photo.count"]

    def test_windows_that_end_under_way_now_and_then_are_no_wrong_keys(self) -> None:
        service = site_of()
        client = Client(service)

        def pass_by(method: str) -> None:
            if method == "auth.token" and service.now % 300 == 0:
                service.now += 1

        service.before = pass_by
        for day in range(1, 4):
            service.now = -(-NOON // 300) * 300 + day * 86_400
            assert client.count() == 3
        assert service.asked == [*LOGIN, *LOGIN, "photo.count"] * 3

    def test_windows_of_seconds_are_kept_up_with(self) -> None:
        service = site_of(lifetime=4)
        client = Client(service)

        def pass_by(method: str) -> None:
            service.now += 0.7

        service.before = pass_by
        assert [client.count() for _ in range(20)] == [3] * 20

    @pytest.mark.parametrize("tells_time", [True, False])
    def test_only_a_site_without_a_clock_makes_ours_count(self, *, tells_time: bool) -> None:
        client = Client(site_of(tells_time=tells_time))
        if tells_time:
            assert client.count() == 3
            return
        with pytest.raises(NotAuthorised, match="set this computer's clock"):
            client.count()


class TestEnds:
    @FORMS
    def test_a_lost_answer_loses_the_nonce_and_no_question(self, form: Form) -> None:
        client = Client(site_of(), form)
        client.count()
        client.service.lose = 1
        assert client.count() == 3
        assert client.service.asked[3:] == ["photo.count", *LOGIN, "photo.count"]

    @pytest.mark.parametrize("step", [0, 1])
    def test_so_does_one_of_the_sign_in(self, step: int) -> None:
        service = site_of()

        def lose(method: str) -> None:
            service.lose = int(len(service.asked) == step + 1)

        service.before = lose
        assert Client(service).count() == 3
        assert service.asked == [*LOGIN[: step + 1], *LOGIN, "photo.count"]

    def test_a_replayed_question_is_refused_and_a_new_sign_in_goes_on(self) -> None:
        client = Client(site_of())
        client.count()
        replayed = client.service.seen[-1]
        body = client.service.reply("POST", str(replayed.url), replayed.read()).body
        assert json.loads(body)["code"] == "bad_hmac"
        assert client.count() == 3

    def test_a_token_that_somebody_else_ended_is_made_anew(self) -> None:
        client = Client(site_of())
        client.count()
        client.service.tokens.clear()
        assert client.count() == 3
        assert client.service.asked[3:] == ["photo.count", *LOGIN, "photo.count"]

    def test_a_refused_question_takes_no_nonce_with_it(self) -> None:
        client = Client(site_of(interval_works=False))
        call = client.dialect.changes(
            Album("photos", "", "", "", image_count=9), "8|2019-06-01T00:00:00+00:00|x", SPAN
        )
        assert call is not None
        with pytest.raises(Rejected):
            client.ask(call)
        assert client.count() == 3
        assert client.service.asked == [*LOGIN, "photo.list", "photo.count"]

    @FORMS
    def test_it_ends_its_token_and_says_so_once(self, form: Form) -> None:
        client = Client(site_of(), form)
        assert client.token.closing() is None
        client.count()
        closing = client.token.closing()
        assert closing is not None
        client.ask(closing)
        assert client.service.tokens == {}
        assert client.token.closing() is None

    def test_a_token_whose_time_has_passed_needs_no_end(self) -> None:
        client = Client(site_of())
        client.count()
        client.service.now += 301
        assert client.token.closing() is None

    def test_after_the_end_it_can_begin_again(self) -> None:
        client = Client(site_of())
        client.count()
        closing = client.token.closing()
        assert closing is not None
        client.ask(closing)
        assert client.count() == 3


class TestRefusals:
    @pytest.mark.parametrize("wrong", ["public", "private"])
    def test_keys_that_are_wrong_are_told_after_two_tries(self, wrong: str) -> None:
        keys = {"public": PUBLIC, "private": PRIVATE, wrong: "cc" * 16}
        client = Client(site_of(), public=keys["public"], private=keys["private"])
        with pytest.raises(NotAuthorised, match="does not accept this pair of keys"):
            client.count()
        assert client.service.asked == LOGIN * 2

    def test_they_are_tried_again_when_asked_again(self) -> None:
        client = Client(site_of(), private="cc" * 16)
        for _ in range(2):
            with pytest.raises(NotAuthorised):
                client.count()
        assert client.service.asked == LOGIN * 4

    def test_a_pair_without_the_grant_is_told_what_it_lacks(self) -> None:
        client = Client(site_of(grants=False))
        with pytest.raises(NotAuthorised, match="grant `read`"):
            client.count()

    def test_a_site_that_refuses_every_token_is_given_up(self) -> None:
        service = site_of()
        service.before = lambda method: service.tokens.clear() if method.startswith("photo") else None
        with pytest.raises(NotAuthorised, match="also right after a new sign-in"):
            Client(service).count()


class TestForgery:
    """Whoever stands between us and the site may change an answer; a proof that is wrong shows it."""

    @pytest.mark.parametrize(
        ("found", "put"),
        [
            (r'"total": 3', '"total": 2'),
            (r'"nonce": "\w+"', f'"nonce": "{"0" * 32}"'),
            (r', "hmac": "\w+"', ""),
            (r', "nonce": "\w+", "hmac": "\w+"', ""),
            (r'"hmac": "\w+"', '"hmac": "Ä"'),
            (r'"hmac": "\w+"', '"hmac": ["x"]'),
            (r'"nonce": "\w+"', '"nonce": "x"'),
        ],
    )
    def test_a_changed_answer_is_refused(self, found: str, put: str) -> None:
        client = Client(site_of())
        client.count()
        client.service.spoil = lambda body: re.sub(found, put, body)
        with pytest.raises(Garbled):
            client.count()
        client.service.spoil = lambda body: body
        assert client.count() == 3
        assert client.service.asked[4:] == [*LOGIN, "photo.count"]

    @pytest.mark.parametrize("gone", ["nonce", "hmac"])
    def test_an_answer_without_its_proof_is_none_to_us(self, gone: str) -> None:
        client = Client(site_of())
        client.count()
        client.service.spoil = lambda body: re.sub(rf', "{gone}": "\w+"', "", body)
        with pytest.raises(Garbled, match="without the proof that every answer to us carries"):
            client.count()

    def test_a_changed_list_is_refused(self) -> None:
        client = Client(site_of())
        client.service.spoil = lambda body: body.replace("photos.example.org", "evil.example.org")
        with pytest.raises(Garbled, match="may have been changed on its way"):
            list(client.gallery.files(ALBUM))

    def test_a_changed_sign_in_is_refused(self) -> None:
        client = Client(site_of())
        client.service.spoil = lambda body: re.sub(r'"nonce": "\w+"', f'"nonce": "{"1" * 32}"', body)
        with pytest.raises(Garbled, match=r"auth\.token may have been changed"):
            client.count()

    @pytest.mark.parametrize(
        "response", [{}, {"challenge": "x", "lifetime": 300}, {"challenge": "a" * 32, "lifetime": 0}]
    )
    def test_a_challenge_that_is_none_is_refused(self, response: dict[str, object]) -> None:
        client = Client(site_of())
        client.service.spoil = lambda body: json.dumps({"status": "valid", "response": response})
        with pytest.raises(Garbled):
            client.count()

    def test_an_answer_nested_without_end_is_refused(self) -> None:
        client = Client(site_of())
        client.count()
        deep = "[" * 400 + "]" * 400
        client.service.spoil = lambda body: body.replace('"total": 3', f'"total": 3, "x": {deep}')
        with pytest.raises(Garbled):
            client.count()


class TestRedirects:
    def test_a_question_that_is_led_elsewhere_on_the_site_proves_itself_there(self) -> None:
        service = site_of()
        hops: list[str] = []

        def moved(request: httpx.Request) -> httpx.Response:
            hops.append(request.url.path)
            if "/blog/" in str(request.url):
                return service(request)
            there = {"location": str(request.url).replace("/api/", "/blog/api/")}
            return httpx.Response(302, headers=there, stream=httpx.ByteStream(b""))

        assert Client(service, "get", transport=moved).count() == 3
        assert service.asked == [*LOGIN, "photo.count"]
        assert len(hops) == 6
        assert hops[-1].count("token:") == hops[-1].count("hmac:") == 1

    def test_a_posted_question_is_not_sent_elsewhere(self) -> None:
        asked: list[str] = []

        def moved(request: httpx.Request) -> httpx.Response:
            asked.append(str(request.url))
            there = {"location": "https://elsewhere.org/api/json/"}
            return httpx.Response(308, headers=there, stream=httpx.ByteStream(b""))

        with pytest.raises(Unreachable, match=r"https://elsewhere\.org/api/json/"):
            Client(site_of(), transport=moved).count()
        assert asked == [f"{SITE}/api/json/"]


class TestSecrets:
    @FORMS
    def test_the_private_key_never_travels(self, form: Form) -> None:
        client = Client(site_of(), form)
        client.count()
        secret = proof.secret_of(PUBLIC, PRIVATE)
        for request in client.service.seen:
            sent = f"{request.url} {request.headers} {request.read()!r}"
            assert PRIVATE not in sent
            assert secret not in sent

    def test_nothing_shows_what_is_secret(self) -> None:
        client = Client(site_of())
        client.count()
        (text,) = client.service.tokens
        hidden = [PRIVATE, PUBLIC, proof.secret_of(PUBLIC, PRIVATE), text, client.service.tokens[text].nonce]
        closing, opening = client.token.closing(), PixelpostToken(SITE, PUBLIC, PRIVATE).opening()
        kept = [value for value in vars(client.token).values() if not isinstance(value, str)]
        shown = f"{client.token!r} {kept!r} {closing!r} {opening!r} {client.dialect!r}"
        assert not [one for one in hidden if one in shown]

    def test_no_error_holds_a_secret(self) -> None:
        client = Client(site_of(), "get")
        client.count()
        client.service.spoil = lambda body: body.replace('"total": 3', '"total": 4')
        with pytest.raises(SmugsyncError) as caught:
            client.count()
        assert not re.search("[0-9a-f]{32}", str(caught.value))


@present
def test_the_recorded_login_is_the_one_we_make() -> None:
    """With the recorded time, the steps we send are those that the real application accepted."""
    token = PixelpostToken(
        "http://127.0.0.1:18094",
        recordings.PUBLIC,
        recordings.PRIVATE,
        session="mirror",
        form="json",
        ticks=lambda: 0.0,
    )
    for name in ("207-apache-auth.request.txt", "208-apache-auth.token.txt"):
        recorded = load(name)
        call = token.opening()
        assert call is not None
        signed = token.sign(call, call.url)
        assert signed.body is not None
        assert json.loads(signed.body) == json.loads(recorded.payload or "")
        token.heard(call, recorded.reply)
    assert token.opening() is None
    asked = load("209-apache-photo.list-documented-get.txt")
    plain = re.sub(r"/(token|hmac):\w+", "", asked.url)
    question = Call("GET", plain)
    assert token.sign(question, plain).url == asked.url
    token.heard(question, asked.reply)
    then = load("210-apache-photo.list-all-json.txt")
    body = json.loads(then.payload or "")
    proofs = {key: body.pop(key) for key in ("token", "hmac")}
    last = Call("POST", then.url, body=json.dumps(body).encode())
    signed = token.sign(last, last.url)
    assert signed.body is not None
    assert json.loads(signed.body) == body | proofs
    token.heard(last, then.reply)


@present
def test_the_recorded_refresh_is_the_one_we_make() -> None:
    """Windows of four seconds: the recorded runs went through two of them and to the end of the token."""
    dates: list[float] = [0.0]
    token = PixelpostToken(
        "http://127.0.0.1:18093",
        recordings.PUBLIC,
        recordings.PRIVATE,
        session="mirror",
        ticks=lambda: dates[-1],
    )
    judge = Pixelpost("http://127.0.0.1:18093")
    for number, name in enumerate(
        (
            "145-lifetime4s-auth.request.txt",
            "146-lifetime4s-auth.token.txt",
            "147-lifetime4s-photo.count-fresh.txt",
            "148-lifetime4s-photo.count-stale-token.txt",
            "149-lifetime4s-auth.refresh.txt",
            "150-lifetime4s-photo.count-after-refresh.txt",
            "153-lifetime4s-auth.destroy.txt",
        )
    ):
        recorded = load(name)
        if "stale" not in name:  # the recorded client learned of the time by that refusal
            dates.append(parsedate_to_datetime(recorded.reply.headers["date"]).timestamp())
        call = token.closing() if number == 6 else token.opening() or judge.account()
        assert call is not None
        signed = token.sign(call, call.url)
        assert signed.body is not None
        failed = judge.failure(recorded.reply, call)
        assert json.loads(signed.body) == json.loads(recorded.payload or ""), name
        if isinstance(failed, SessionOver):
            token.over(failed)
        else:
            assert failed is None
            token.heard(call, recorded.reply)
    assert token.closing() is None


def test_a_question_without_a_sign_in_is_never_sent_unproven() -> None:
    token = PixelpostToken(SITE, PUBLIC, PRIVATE)
    call = Pixelpost(SITE).account()
    with pytest.raises(SessionOver):
        token.sign(call, call.url)


@given(
    st.binary(max_size=60)
    | st.text().map(lambda text: json.dumps({"status": "valid", "response": text}).encode())
)
def test_nonsense_in_a_sign_in_is_refused_in_our_own_words(body: bytes) -> None:
    token = PixelpostToken(SITE, PUBLIC, PRIVATE)
    call = token.opening()
    assert call is not None
    assert call.auth is Auth.SIGN_IN
    with pytest.raises(SmugsyncError):
        token.heard(call, Reply(200, {"date": "nonsense"}, body))
