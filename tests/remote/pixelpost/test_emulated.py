"""The dialect keeps its contract against the emulator, and the token its chain through a real session."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from smugsync.core.model import Album, RemoteFile
from smugsync.emulator.emulator import Emulator
from smugsync.emulator.media.pictures import make_picture
from smugsync.emulator.settings import Settings
from smugsync.emulator.switches import Switches
from smugsync.errors import NotAuthorised
from smugsync.remote.dialect import Call, Reply, Span
from smugsync.remote.gallery import Gallery
from smugsync.remote.hosts import Hosts
from smugsync.remote.pixelpost.dialect import Pixelpost
from smugsync.remote.pixelpost.sign_in import PixelpostToken
from smugsync.remote.pixelpost.site import Form
from smugsync.remote.session import Manners, Session
from smugsync.stop import Stop
from tests.emulator.ask import Clock
from tests.remote.contract import DialectContract, Scene
from tests.remote.doubles import MemorySink

ORIGIN = "http://127.0.0.1:8000"
TITLES = ("Morning", "Noon", "", "Ä <b> & 'c'", "Noon")
ALBUM = Album("photos", "", "", "")
SPAN = Span(1, 100)
FORMS = pytest.mark.parametrize("form", ["json", "get"])


def emulated(**switches: Any) -> tuple[Emulator, Clock, list[bytes]]:
    clock = Clock(1_795_262_473.0)
    emulator = Emulator(Settings(albums=0, switches=Switches(**switches)), clock=clock)
    album = emulator.account.add_album("All")
    pictures = [make_picture(number, taken=None) for number in range(len(TITLES))]
    for number, (title, picture) in enumerate(zip(TITLES, pictures, strict=True)):
        emulator.account.add_photo(album, f"{number}.jpg", picture, title=title, hidden=number == 1)
        clock.now += 1
    return emulator, clock, pictures


def session(emulator: Emulator, clock: Clock, form: Form) -> tuple[Session, PixelpostToken]:
    keys = emulator.pixelpost.entities.announced
    token = PixelpostToken(ORIGIN, keys.public_key, keys.private_key, form=form, clock=clock, ticks=clock)
    manners = Manners(tries=2, ticks=clock, random=lambda: 0.0, sleep=lambda _: None)
    return Session(emulator.transport(), Hosts([ORIGIN]), token, Stop(), manners=manners), token


class TestEmulated(DialectContract):
    @pytest.fixture(params=["json", "get"])
    def scene(self, request: pytest.FixtureRequest) -> Scene:
        emulator, _, _ = emulated(anonymous_read="on")

        def answer(call: Call) -> Reply:
            body = call.body if isinstance(call.body, bytes) else None
            asked = httpx.Request(call.method, call.url, headers=list(call.headers), content=body)
            response = emulator.transport().handle_request(asked)
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Reply(response.status_code, headers, response.read(), call.url)

        gone = RemoteFile(album_key="photos", key="never.jpg", name="never.jpg", serial=99)
        dialect = Pixelpost(ORIGIN, form=request.param)
        return Scene(dialect, answer, "127.0.0.1", {"photos": len(TITLES)}, gone)


@FORMS
def test_a_site_is_mirrored_with_a_token(form: Form) -> None:
    emulator, clock, pictures = emulated()
    line, token = session(emulator, clock, form)
    dialect = Pixelpost(ORIGIN, form=form)
    gallery = Gallery(dialect, line, page_size=2)
    assert gallery.account().size == len(TITLES)
    listing = gallery.files(ALBUM)
    files = [file for page in listing for file in page]
    assert listing.complete, listing.why
    assert sorted(file.details.title for file in files) == sorted(TITLES)
    assert [file.details.hidden for file in files].count(True) == 1
    fetched: list[bytes] = []
    for file in files:
        sink = MemorySink()
        gallery.download(gallery.look(file), sink, stop=Stop())
        fetched.append(bytes(sink.data))
    assert sorted(fetched) == sorted(pictures)
    closing = token.closing()
    assert closing is not None
    line.ask(closing, dialect)
    assert token.closing() is None


@FORMS
def test_a_token_is_refreshed_in_time(form: Form) -> None:
    emulator, clock, _ = emulated(pixelpost_lifetime=60)
    line, _ = session(emulator, clock, form)
    gallery = Gallery(Pixelpost(ORIGIN, form=form), line)
    for _ in range(6):
        assert gallery.account().size == len(TITLES)
        clock.now += 47


@FORMS
def test_what_was_published_since_is_listed_by_itself(form: Form) -> None:
    emulator, clock, _ = emulated()
    line, _ = session(emulator, clock, form)
    dialect = Pixelpost(ORIGIN, form=form)
    listed = [file for page in Gallery(dialect, line).files(ALBUM) for file in page]
    since = f"1|{max(file.uploaded for file in listed)}|x"
    call = dialect.changes(Album("photos", "", "", "", image_count=5), since, SPAN)
    assert call is not None
    page = dialect.read_changes(line.ask(call, dialect), SPAN, ALBUM)
    assert len(page.items) == len(TITLES)


def test_keys_that_may_not_read_are_told_so() -> None:
    emulator, clock, _ = emulated(pixelpost_grants="write")
    line, _ = session(emulator, clock, "json")
    with pytest.raises(NotAuthorised, match="grant `read`"):
        Gallery(Pixelpost(ORIGIN), line).account()
