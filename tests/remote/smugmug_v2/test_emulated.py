"""The dialect keeps its contract against the emulator, which serves a directory of files."""

from __future__ import annotations

import httpx
import pytest

from smugsync.core.model import RemoteFile
from smugsync.emulator.emulator import Emulator
from smugsync.emulator.settings import Settings
from smugsync.remote.dialect import Auth, Call, Reply
from smugsync.remote.smugmug_v2.dialect import SmugMugV2
from tests.remote.contract import DialectContract, Scene

ORIGIN = "http://127.0.0.1:8000"
FILES = ("Trip/Iceland/a.jpg", "Trip/Iceland/b.jpg", "Trip/Iceland/ä ö.jpg", "Trip/c.jpg", "Root/clip.mp4")


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Emulator:
    library = tmp_path_factory.mktemp("library")
    for number, name in enumerate(FILES):
        path = library / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"%d" % number * 3000)
    return Emulator(Settings(library=library, viewer="anonymous"))


class TestEmulated(DialectContract):
    @pytest.fixture
    def scene(self, emulator: Emulator) -> Scene:
        key = emulator.credentials.api_key

        def answer(call: Call) -> Reply:
            url = httpx.URL(call.url)
            if call.auth is Auth.ACCOUNT:
                url = url.copy_set_param("APIKey", key)
            request = httpx.Request(call.method, url, headers=list(call.headers))
            response = emulator.transport().handle_request(request)
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Reply(response.status_code, headers, response.read(), str(url))

        dialect = SmugMugV2(ORIGIN, user="demo")
        scene = Scene(dialect, answer, "demo", {}, RemoteFile(album_key="", key="", name=""))
        gallery = scene.gallery()
        albums = [album for page in gallery.albums(gallery.account()) for album in page]
        assert sum(album.image_count or 0 for album in albums) == len(FILES)
        counts = {album.key: album.image_count or 0 for album in albums}
        gone = RemoteFile(album_key=albums[0].key, key="NeverWas", name="never.jpg")
        return Scene(dialect, answer, "demo", counts, gone)
