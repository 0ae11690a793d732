"""How a call is made, and in which forms it is answered."""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree
from xmlrpc.client import Fault, dumps, loads

import pytest

from smugsync.emulator.legacy.methods import METHODS
from smugsync.emulator.messages import Request
from tests.emulator.ask import HOST
from tests.emulator.legacy.asking import VERSIONS, Older, owner, small

ADDRESSES = [
    *(f"/services/api/json/{version}/" for version in VERSIONS),
    *(f"/hack/json/{version}/" for version in VERSIONS),
]


@pytest.mark.parametrize("path", ADDRESSES)
@pytest.mark.parametrize("verb", ["GET", "POST"])
def test_every_address_takes_queries_and_forms(path: str, verb: str) -> None:
    version = path.split("/")[-2]
    client = owner(version)
    for address in (path, path.rstrip("/")):
        assert client.ok("albums.get", path=address, verb=verb)["Albums"]


@pytest.mark.parametrize("host", ["api.smugmug.com", "secure.smugmug.com", "upload.smugmug.com"])
@pytest.mark.parametrize("verb", ["GET", "POST"])
@pytest.mark.parametrize("version", VERSIONS)
def test_the_services_own_hosts_may_be_named(host: str, verb: str, version: str) -> None:
    client = replace(owner(version), host=host)
    assert client.ok("albums.get", verb=verb)["Albums"]
    assert client.ok("albums.get", verb=verb, path=f"/hack/json/{version}/")["Albums"]


def test_a_form_is_read_without_its_type_and_in_parts() -> None:
    client = owner()
    given = {"method": "smugmug.albums.get", "SessionID": client.session}
    plain = Request("POST", client.path, "", {"host": HOST}, urlencode(given).encode())
    assert json.loads(client.emulator.handle(plain).content())["stat"] == "ok"
    parts = "".join(
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in given.items()
    )
    headers = {"host": HOST, "content-type": "multipart/form-data; boundary=x"}
    form = Request("POST", client.path, "", headers, f"{parts}--x--\r\n".encode())
    assert json.loads(client.emulator.handle(form).content())["stat"] == "ok"


@pytest.mark.parametrize("value", ["1", "true", "True", "TRUE"])
def test_flags_are_numbers_or_words(value: str) -> None:
    assert "Position" in owner().ok("albums.get", Heavy=value)["Albums"][0]


@pytest.mark.parametrize("value", ["0", "false", "False", ""])
def test_and_so_are_those_that_are_off(value: str) -> None:
    assert "Position" not in owner().ok("albums.get", Heavy=value)["Albums"][0]


def test_names_come_in_utf_8() -> None:
    client = small()
    for verb in ("GET", "POST"):
        client.ok("albums.create", verb=verb, Title=f"Zoë 🎂 活动 {verb}")
    assert [one["Title"] for one in client.ok("albums.get")["Albums"]] == [
        "Zoë 🎂 活动 GET",
        "Zoë 🎂 活动 POST",
    ]


@pytest.mark.parametrize("version", VERSIONS)
def test_failures_have_status_200(version: str) -> None:
    client = owner(version)
    for method in ("no.such", "images.getInfo", "albums.getInfo"):
        assert client.send(method).status == 200


def test_a_version_that_is_not_served_is_ancient() -> None:
    client = owner()
    for path in ("/services/api/json/1.1.0/", "/hack/json/9.9.9/", "/services/api/json/"):
        assert client.code("albums.get", path=path) == 11


@pytest.mark.parametrize("version", VERSIONS)
def test_a_method_that_is_none_is_invalid(version: str) -> None:
    client = owner(version)
    assert client.code("bad.apimethod") == 17
    answer = client.emulator.handle(Request("GET", client.path, "", {"host": HOST}))
    assert json.loads(answer.content())["code"] == 17


#: Method, and the first and the last version that has it.
LIVES = [
    ("login.anonymously", "1.2.0", "1.2.2"),
    ("login.withPassword", "1.2.0", "1.2.2"),
    ("login.withHash", "1.2.0", "1.2.2"),
    ("auth.getRequestToken", "1.2.2", "1.3.0"),
    ("auth.checkAccessToken", "1.2.2", "1.3.0"),
    ("users.getTransferStats", "1.2.0", "1.2.1"),
    ("users.getStats", "1.3.0", "1.3.0"),
    ("images.upload", "1.2.0", "1.2.2"),
    ("images.collect", "1.2.2", "1.3.0"),
]


@pytest.mark.parametrize(("method", "first", "last"), LIVES)
def test_methods_come_and_go_with_versions(method: str, first: str, last: str) -> None:
    for version in VERSIONS:
        missing = small(version).ask(method).get("code") == 17
        assert missing == (not first <= version <= last), version


def test_callback_and_pretty_are_known_from_1_2_2_on() -> None:
    later = owner("1.3.0").send("albums.get", Callback="f", Pretty=1).content().decode()
    assert re.fullmatch(r"f\(\{\n    \"stat\": .*\}\)", later, re.DOTALL)
    before = owner("1.2.1").send("albums.get", Callback="f", Pretty=1).content()
    assert before.startswith(b'{"stat":"ok"')


@pytest.mark.parametrize(
    ("wish", "packs"),
    [("gzip", True), ("deflate, gzip;q=0.5", True), ("identity", False), ("gzip;q=0", False), ("", False)],
)
def test_answers_are_packed_for_those_who_take_it(wish: str, packs: bool) -> None:
    client = owner()
    query = urlencode({"method": "smugmug.albums.get", "SessionID": client.session})
    headers = {"host": HOST, "accept-encoding": wish}
    response = client.emulator.handle(Request("GET", client.path, query, headers))
    assert (response.header("content-encoding") == "gzip") == packs
    body = gzip.decompress(response.content()) if packs else response.content()
    assert json.loads(body)["stat"] == "ok"


def test_a_callback_is_a_name() -> None:
    answer = owner("1.3.0").send("albums.get", Callback="alert(1);f").content()
    assert answer.startswith(b"{")


def test_associative_lists_are_keyed_by_id() -> None:
    client = small("1.3.0")
    number = client.ok("albums.create", Title="A")["Album"]["id"]
    assert client.ok("albums.get", Associative=1)["Albums"][str(number)]["Title"] == "A"


def test_json_has_the_media_type_of_the_switch() -> None:
    assert owner().send("albums.get").header("content-type") == "application/json; charset=utf-8"
    other = owner(legacy_json="text/html").send("albums.get")
    assert other.header("content-type") == "text/html; charset=utf-8"


class TestOtherForms:
    def send(self, kind: str, method: str, **arguments: Any) -> tuple[str, str]:
        client = owner("1.2.2")
        response = client.send(method, path=f"/services/api/{kind}/1.2.2/", **arguments)
        assert response.status == 200
        return str(response.header("content-type")), response.content().decode()

    def test_rest(self) -> None:
        kind, text = self.send("rest", "albums.get")
        root = ElementTree.fromstring(text)
        assert kind.startswith("text/xml")
        assert (root.tag, root.get("stat"), root.findtext("method")) == ("rsp", "ok", "smugmug.albums.get")
        first = root.find("Albums/Album")
        assert first is not None
        assert first.get("Title") == "Ring Road"
        category = first.find("Category")
        assert category is not None
        assert category.get("Name") == "Travel"

    def test_failures_of_rest(self) -> None:
        root = ElementTree.fromstring(self.send("rest", "no.such")[1])
        error = root.find("err")
        assert error is not None
        assert (root.get("stat"), error.get("code"), error.get("msg")) == ("fail", "17", "invalid method")

    def test_php(self) -> None:
        _, text = self.send("php", "users.getInfo")
        assert text.startswith(
            'a:3:{s:4:"stat";s:2:"ok";s:6:"method";s:21:"smugmug.users.getInfo";s:4:"User";a:3:'
        )

    def test_a_callback_is_called_in_php_too(self) -> None:
        kind, plain = self.send("php", "users.getInfo")
        assert self.send("php", "users.getInfo", Callback="f") == (kind, f"f({plain})")

    def test_xml_rpc(self) -> None:
        client = owner("1.2.2", legacy_ids="large")
        path, headers = "/services/api/xmlrpc/1.2.2/", {"host": HOST, "content-type": "text/xml"}
        album = client.album("Ring Road")
        where = {"SessionID": client.session, "AlbumID": client.id_of(album), "Heavy": True}
        body = dumps((where,), "smugmug.images.get").encode()
        response = client.emulator.handle(Request("POST", path, "", headers, body))
        (answer,), _ = loads(response.content())
        assert isinstance(answer, dict)
        assert answer["Album"]["Images"][0]["FileName"] == "DSC_4201.JPG"
        assert int(answer["Album"]["Images"][0]["id"]) > 2**31
        with pytest.raises(Fault, match="invalid session"):
            loads(client.send("albums.get", path=path, SessionID="x").content())

    @pytest.mark.parametrize(
        "body", [b"<", b"<a/>", b"\xff", b"<methodCall><methodName>x</methodName></methodCall>"]
    )
    def test_what_is_no_xml_rpc_is_no_method(self, body: bytes) -> None:
        headers = {"host": HOST, "content-type": "text/xml"}
        request = Request("POST", "/services/api/xmlrpc/1.2.2/", "", headers, body)
        with pytest.raises(Fault, match="invalid method"):
            loads(small().emulator.handle(request).content())


#: What wins where two things are wrong: version, method, key, session, grant, arguments, what they name.
def test_which_failure_wins() -> None:
    client = owner()
    wrong = {"APIKey": "wrong", "SessionID": "wrong"}
    assert client.code("bad.method", path="/hack/json/1.1.1/", **wrong) == 11
    assert client.code("bad.method", **wrong) == 17
    assert client.code("images.get", **wrong) == 18
    assert client.code("images.get", SessionID="wrong") == 3
    assert client.code("images.get") == 22
    assert client.code("images.get", AlbumID="x") == 16
    assert client.code("images.get", AlbumID=1) == 9
    empty = client.id_of(client.album("Nothing yet"))
    assert client.code("images.get", AlbumID=empty) == 15
    guest = replace(
        client, session=client.ok("login.anonymously", APIKey=client.api_key)["Login"]["Session"]["id"]
    )
    assert guest.code("albums.create") == 3


@pytest.mark.parametrize("version", VERSIONS)
def test_no_argument_makes_a_method_fail_otherwise_than_by_a_code(version: str) -> None:
    """Nonsense everywhere, in every method."""
    client = owner(version)
    nonsense = (
        "",
        "-1",
        "0",
        "x",
        "1e9",
        "9" * 30,
        "\u0661",
        "\x00",
        "%s",
        "\ud800".encode("utf-8", "replace").decode(),
    )
    album = client.album("Ring Road")
    some: dict[str, Any] = {"AlbumID": client.id_of(album), "AlbumKey": album.key}
    names = (
        "AlbumID AlbumKey ImageID ImageKey CategoryID SubCategoryID Name NickName LastUpdated Heavy Extras"
        " Title Position Degrees URL Data Month Year By Direction EmailAddress UserID SortMethod Latitude"
        " Public"
    ).split()
    for method in METHODS:
        if not method.startswith(("auth.", "login.", "albums.delete", "logout")):
            for value in nonsense:
                _survives(client, method, dict.fromkeys(names, value))
                _survives(client, method, dict.fromkeys(names, value) | some)


def _survives(client: Older, method: str, arguments: dict[str, Any]) -> None:
    response = client.send(method, verb="POST", **arguments)
    assert response.status == 200, (method, arguments)
    answer = json.loads(response.content())
    assert answer["stat"] in ("ok", "fail")
