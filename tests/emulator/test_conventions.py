"""What holds for every address of the API: formats, overrides, verbosity, filters, methods, errors."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx
import pytest

from smugsync.emulator.api.encodings import pack_message, serialize_php
from smugsync.emulator.api.negotiation import OFFERED
from smugsync.emulator.api.routes import Route
from smugsync.emulator.api.service import ROUTES
from smugsync.emulator.emulator import Emulator
from smugsync.emulator.messages import Request, Response
from smugsync.emulator.settings import Settings, Switches
from tests.emulator.ask import HOST, ORIGIN, Client, Clock, demo, sign

USER = "/api/v2/user/demo"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def owner() -> Client:
    return demo()


@pytest.fixture
def fresh() -> Client:
    """For tests that write."""
    return demo()


def album(client: Client, name: str) -> Any:
    return next(a for a in client.emulator.account.albums.values() if a.node.name == name)


def kind(response: Response) -> str:
    return (response.header("Content-Type") or "").partition(";")[0]


def body(response: Response) -> Any:
    return json.loads(response.content())


# -- formats ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accept", "answered"),
    [
        ("application/json", "application/json"),
        ("application/json, text/plain, */*", "application/json"),
        ("*/*, application/json", "application/json"),
        ("application/*", "application/json"),
        ("text/html;q=0.9, application/json", "application/json"),
        ("text/html, application/json;q=0.5", "text/html"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"),
        ("*/*", "text/html"),
        ("", "text/html"),
        ("image/png, text/html;q=0", "application/json"),
        ("application/vnd.php.serialized", "application/vnd.php.serialized"),
        ("application/x-msgpack", "application/x-msgpack"),
    ],
)
def test_the_format_is_negotiated(owner: Client, accept: str, answered: str) -> None:
    response = owner.send(USER, accept=accept)
    assert kind(response) == answered
    assert response.status == (406 if accept.startswith("image/") else 200)


def test_without_a_wish_for_json_people_get_a_page(owner: Client) -> None:
    sent = {"host": HOST, "authorization": sign(owner.emulator, "owner", "GET", ORIGIN + USER)}
    response = owner.emulator.handle(Request("GET", USER, "", sent))
    assert kind(response) == "text/html"
    assert b"Live API Browser" in response.content()


def test_accept_in_the_query_goes_before_the_header(owner: Client) -> None:
    assert kind(owner.send(f"{USER}?_accept=application%2Fjson", accept="text/html")) == "application/json"
    assert kind(owner.send(f"{USER}?_accept=text/html")) == "text/html"


@pytest.mark.parametrize("accept", ["image/png", "text/csv", "application/xml"])
def test_what_cannot_be_written_is_not_acceptable(owner: Client, accept: str) -> None:
    response = owner.send(USER, accept=accept)
    assert response.status == 406
    assert body(response)["Code"] == 406


def test_the_page_is_talkative_and_its_addresses_can_be_followed() -> None:
    text = demo("anonymous").send(USER, accept="text/html").content().decode()
    assert "&quot;" not in text
    assert '"MethodDetails"' in text
    key = demo("anonymous").emulator.credentials.api_key
    assert f'<a href="/api/v2/user/demo!albums?APIKey={key}">/api/v2/user/demo!albums</a>' in text


def test_the_page_shows_markup_as_text(fresh: Client) -> None:
    account = fresh.emulator.account
    account.rename(album(fresh, "Twins").node, name="<script>alert(1)</script>")
    target = f"/api/v2/album/{album(fresh, '<script>alert(1)</script>').key}?_filteruri="
    assert b"<script>" not in fresh.send(target, accept="text/html").content()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, b"N;"),
        (True, b"b:1;"),
        (-7, b"i:-7;"),
        (0.5, b"d:0.5;"),
        ("Zoë", b's:4:"Zo\xc3\xab";'),
        (["a", 1], b'a:2:{i:0;s:1:"a";i:1;i:1;}'),
        ({"Code": 200, "Empty": []}, b'a:2:{s:4:"Code";i:200;s:5:"Empty";a:0:{}}'),
    ],
)
def test_serialized_php(value: Any, text: bytes) -> None:
    assert serialize_php(value) == text


@pytest.mark.parametrize(
    ("value", "packed"),
    [
        (None, b"\xc0"),
        (False, b"\xc2"),
        (127, b"\x7f"),
        (-32, b"\xe0"),
        (-33, b"\xd0\xdf"),
        (200, b"\xcc\xc8"),
        (5000, b"\xcd\x13\x88"),
        (9_000_000_000, b"\xcf\x00\x00\x00\x02\x18\x71\x1a\x00"),
        (1.5, b"\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00"),
        ("abc", b"\xa3abc"),
        ("x" * 40, b"\xd9\x28" + b"x" * 40),
        ("x" * 300, b"\xda\x01\x2c" + b"x" * 300),
        ([1, 2], b"\x92\x01\x02"),
        ([0] * 20, b"\xdc\x00\x14" + b"\x00" * 20),
        ({"compact": True, "schema": 0}, b"\x82\xa7compact\xc3\xa6schema\x00"),
    ],
)
def test_packed_messages(value: Any, packed: bytes) -> None:
    """The last example is the one of msgpack.org."""
    assert pack_message(value) == packed


def test_pretty_prints(owner: Client) -> None:
    plain, pretty = (owner.send(USER + query).content() for query in ("", "?_pretty"))
    assert b"\n" not in plain
    assert pretty.startswith(b'{\n    "Response": {\n        "Uri": "/api/v2/user/demo?_pretty",\n')


# -- overrides of the method -----------------------------------------------------------------------------


def test_a_post_can_stand_for_other_methods(fresh: Client) -> None:
    twins = album(fresh, "Twins")
    target = f"/api/v2/album/{twins.key}"
    patched = fresh.write(f"{target}?_method=PATCH", {"Description": "said"})
    assert (patched.status, body(patched)["Response"]["Album"]["Description"]) == (200, "said")
    assert body(fresh.write(f"{target}?_method=OPTIONS", {})).keys() == {"Options", "Code", "Message"}
    assert fresh.write(f"{target}?_method=DELETE", {}).status == 200
    assert fresh.status(target) == 404


@pytest.mark.parametrize("method", ["DELETE", "PATCH", "POST"])
def test_nothing_but_a_post_can_stand_for_a_write(fresh: Client, method: str) -> None:
    target = f"/api/v2/album/{album(fresh, 'Twins').key}"
    assert fresh.send(f"{target}?_method={method}").status == 405
    assert fresh.status(target) == 200


def test_a_get_can_stand_for_options(owner: Client) -> None:
    assert owner.get(f"{USER}?_method=OPTIONS").keys() == {"Options", "Code", "Message"}


# -- verbosity and filters -------------------------------------------------------------------------------


def test_verbosity_one_is_terse(owner: Client) -> None:
    answer = owner.get("/api/v2!authuser?_verbosity=1")
    assert answer.keys() == {"Response", "Code", "Message"}
    assert answer["Response"].keys() == {"Uri", "Locator", "LocatorType", "User"}
    user = answer["Response"]["User"]
    assert user["Uris"]["UserAlbums"] == f"{USER}!albums"
    assert all(isinstance(uri, str) for uri in user["Uris"].values())
    assert "UriDescription" not in user


def test_verbosity_two_is_the_default(owner: Client) -> None:
    answer = owner.get(USER)
    assert answer.keys() == {"Response", "Code", "Message"}  # an object that takes no parameters
    assert answer["Response"]["User"]["Uris"]["UserAlbums"] == {
        "Uri": f"{USER}!albums",
        "Locator": "Album",
        "LocatorType": "Objects",
        "UriDescription": "All of user's albums",
        "EndpointType": "UserAlbums",
    }
    assert owner.get(f"{USER}?_verbosity=2") | {"Response": 0} == answer | {"Response": 0}


def test_verbosity_two_describes_the_parameters_of_lists(owner: Client) -> None:
    root = owner.emulator.account.root.id
    options = owner.get(f"/api/v2/node/{root}!children?SortMethod=Name")["Options"]
    assert list(options) == ["Methods", "ParameterDescription", "Parameters"]
    table = {entry["Name"]: entry for entry in options["Parameters"]["GET"]}
    assert table["SortMethod"]["Value"] == "Name"
    assert "Value" not in table["Type"]


def test_verbosity_three_tells_everything(owner: Client) -> None:
    root = owner.emulator.account.root.id
    target = f"/api/v2/node/{root}!children?_verbosity=3"
    answer = owner.get(target)
    assert list(answer) == ["Request", "Options", "Response", "Code", "Message"]
    assert answer["Request"] == {"Version": "v2", "Method": "GET", "Uri": target}
    assert {"MethodDetails", "MediaTypes", "Notes", "Path"} <= answer["Options"].keys()
    assert answer["Response"]["Timing"]["Total"].keys() == {"time", "cycles", "objects"}


def test_verbosity_is_no_header(owner: Client) -> None:
    assert owner.send(USER, _verbosity="1").content() == owner.send(USER).content()


@pytest.mark.parametrize(
    "query", ["_filterurl=Node", "_filtervalue=demo", "_nonsense=1", "_verbosity=7", "_verbosity="]
)
def test_what_is_not_known_is_ignored(owner: Client, query: str) -> None:
    answer, plain = owner.get(f"{USER}?{query}"), owner.get(USER)
    assert answer["Response"]["User"] == plain["Response"]["User"]


def test_short_uris_change_the_links_alone(owner: Client) -> None:
    short, plain = owner.get(f"{USER}?_shorturis"), owner.get(USER)
    user, other = short["Response"]["User"], plain["Response"]["User"]
    assert user["Uris"] == {name: entry["Uri"] for name, entry in other["Uris"].items()}
    assert user | {"Uris": 0} == other | {"Uris": 0}
    assert short["Response"]["UriDescription"] == plain["Response"]["UriDescription"]


def test_filters_choose_fields_and_links(owner: Client) -> None:
    user = owner.get("/api/v2!authuser?_filter=NickName,Nonsense&_filteruri=Node,Nonsense")["Response"][
        "User"
    ]
    assert user.keys() == {"NickName", "Uri", "WebUri", "UriDescription", "Uris", "ResponseLevel"}
    assert user["Uris"].keys() == {"Node"}


def test_an_empty_filter_removes_all(owner: Client) -> None:
    user = owner.get("/api/v2!authuser?_filter=&_filteruri=")["Response"]["User"]
    assert user.keys() == {"Uri", "WebUri", "UriDescription", "ResponseLevel"}


@pytest.mark.parametrize(
    "config",
    [
        "[]",
        "{",
        "1",
        '{"expand": 1}',
        '{"expand": {"Node": {"args": 1}}}',
        '{"expand": {"Node": {"args": {}, "multiargs": [{}]}}}',
        '{"expand": {"Node": {"multiargs": {}}}}',
        "[" * 1500,
    ],
)
def test_a_config_that_cannot_be_followed_is_a_bad_request(owner: Client, config: str) -> None:
    response = owner.send(f"{USER}?{httpx.QueryParams({'_config': config})}")
    assert (response.status, body(response)["Code"]) == (400, 400)


# -- the address is repeated -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "repeated"),
    [
        ("_pretty=true", "?_pretty=true"),
        ("_pretty", "?_pretty"),
        ("_verbosity=1", "?_verbosity=1"),
        ("b=2&a=%2F+x&c=/,", "?b=2&a=%2F+x&c=/,"),
        ("_expand=Node&_pretty=true", "?_pretty=true"),
        ("_expand=Node", ""),
    ],
)
def test_the_request_is_repeated_as_it_was_sent(owner: Client, query: str, repeated: str) -> None:
    assert owner.get(f"{USER}?{query}")["Response"]["Uri"] == USER + repeated


def test_credentials_are_not_repeated() -> None:
    answer = demo("anonymous").get(f"{USER}?_verbosity=3&_pretty")
    assert answer["Response"]["Uri"] == answer["Request"]["Uri"] == f"{USER}?_verbosity=3&_pretty"


@pytest.mark.parametrize("host", ["api.smugmug.com", "www.smugmug.com", "photos.example.org"])
def test_any_host_answers(owner: Client, host: str) -> None:
    sent = {"host": host, "accept": "application/json"}
    sent["authorization"] = sign(owner.emulator, "owner", "GET", f"https://{host}{USER}")
    answer = owner.emulator.handle(Request("GET", USER, "", sent, scheme="https"))
    assert answer.status == 200
    assert body(answer)["Response"]["User"]["Uris"]["UserAlbums"]["Uri"] == f"{USER}!albums"


def test_objects_say_where_and_what_they_are(owner: Client) -> None:
    twins = album(owner, "Twins")
    common = {"Uri", "UriDescription", "WebUri", "Uris"}
    for target, locator in (
        (USER, "User"),
        (f"/api/v2/node/{twins.node.id}", "Node"),
        (f"/api/v2/album/{twins.key}", "Album"),
        ("/api/v2/folder/user/demo/Travel", "Folder"),
    ):
        assert common | {"ResponseLevel"} <= owner.get(target)["Response"][locator].keys()
    for target, locator in (
        (f"/api/v2/image/{twins.photos[0].id}", "Image"),
        (f"/api/v2/album/{twins.key}/image/{twins.photos[0].id}", "AlbumImage"),
    ):
        shown = owner.get(target)["Response"][locator]
        assert common <= shown.keys()
        assert "ResponseLevel" not in shown


# -- methods ---------------------------------------------------------------------------------------------


def address(route: Route) -> str:
    pattern = route.pattern.pattern.removesuffix(r"\Z").replace("((?:/[^/!]+)*)", "/Some/Where")
    return "/api/v2" + pattern.replace("([^/!]+)", "Xy1").replace("\\", "")


@pytest.mark.parametrize("route", ROUTES, ids=address)
def test_every_address_says_what_it_takes(owner: Client, route: Route) -> None:
    answer = owner.send(address(route), "OPTIONS")
    assert answer.status == 200
    assert body(answer).keys() == {"Options", "Code", "Message"}
    options = body(answer)["Options"]
    assert options["Methods"] == list(route.methods)
    assert options["MethodDetails"].keys() == set(route.methods)
    assert options["MediaTypes"] == list(OFFERED)
    taken = [
        method
        for method in ("GET", "PATCH", "POST")
        if method in route.methods and route.endpoint.takes(method)
    ]
    assert list(options.get("Parameters", {})) == taken
    for method, table in options.get("Parameters", {}).items():
        assert [entry["Name"] for entry in table] == [p.name for p in route.endpoint.takes(method)]
        assert {entry["Type"] for entry in table} <= options["ParameterDescription"].keys()


def test_permissions_are_described_as_recorded(owner: Client) -> None:
    def told(target: str) -> dict[str, str]:
        details = body(owner.send(target, "OPTIONS"))["Options"]["MethodDetails"]
        return {method: entry["Permissions"][0] for method, entry in details.items()}

    node, key = owner.emulator.account.root.id, album(owner, "Twins").key
    assert told(f"/api/v2/node/{node}!children") == {"OPTIONS": "Read", "GET": "Read", "POST": "Modify"}
    assert told(f"/api/v2/album/{key}!images") == {"OPTIONS": "Read", "GET": "Read", "POST": "Add"}
    expected = {"OPTIONS": "Read", "GET": "Read", "PATCH": "Modify", "DELETE": "Modify"}
    assert told(f"/api/v2/album/{key}") == expected


@pytest.mark.parametrize(
    ("target", "levels"),
    [
        ("/api/v2/album/Xy1", ["Full", "Password", "Public", "GrantAccess"]),
        ("/api/v2/node/Xy1", ["Full", "Public", "Password", "GrantAccess"]),
        ("/api/v2/image/Xy1-0", None),
    ],
)
def test_response_levels(owner: Client, target: str, levels: list[str] | None) -> None:
    assert body(owner.send(target, "OPTIONS"))["Options"].get("ResponseLevels") == levels


@pytest.mark.parametrize("method", ["PUT", "TRACE", "BREW"])
def test_other_methods_are_not_allowed(owner: Client, method: str) -> None:
    response = owner.send(f"/api/v2/album/{album(owner, 'Twins').key}", method)
    assert response.status == 405
    assert response.header("Allow") == "OPTIONS, GET, PATCH, DELETE"
    assert body(response)["Code"] == 405


def test_head_has_the_headers_of_get(owner: Client) -> None:
    with httpx.Client(transport=owner.emulator.transport()) as web:
        sent = {
            method: web.request(
                method,
                f"{ORIGIN}{USER}",
                headers={
                    "Accept": "application/json",
                    "Authorization": sign(owner.emulator, "owner", method, ORIGIN + USER),
                },
            )
            for method in ("GET", "HEAD")
        }
    assert sent["HEAD"].status_code == sent["GET"].status_code == 200
    assert sent["HEAD"].content == b""
    assert sent["HEAD"].headers["content-length"] == sent["GET"].headers["content-length"]


@pytest.mark.parametrize("target", ["/api/v2", "/api/v2/", "/api/v2/user"])
def test_the_service_says_ok_where_nothing_is(owner: Client, target: str) -> None:
    body = owner.get(target)
    assert (body["Code"], body["Message"]) == (200, "Ok")
    assert body["Response"]["Uri"] == target
    assert "User" not in body["Response"]
    assert body["Response"].get("Locator") == ("User" if target.endswith("user") else None)
    assert owner.write(target, {}).status == 405


def test_the_site_says_whose_it_is(owner: Client) -> None:
    for target in ("/api/v2!siteuser", "/api/v2/!siteuser"):
        assert owner.get(target)["Response"]["User"]["NickName"] == "demo"
    theirs = Client(owner.emulator, "anonymous").send("/api/v2!siteuser", host="demo-visitor.smugmug.com")
    shown: Any = theirs.json()
    assert shown["Response"]["User"]["NickName"] == "demo-visitor"


def test_a_redirect_leads_back_here_whatever_host_was_named(owner: Client) -> None:
    """A client may name the real service's host to a server that it was led to."""
    emulator = owner.emulator
    emulator.origin = ORIGIN
    image = next(emulator.account.all_images())
    for host in (HOST, "www.smugmug.com"):
        target = f"/api/v2/image/{image.key}"
        scheme = "http" if host == HOST else "https"  # authlib insists
        signed = sign(emulator, "owner", "GET", f"{scheme}://{host}{target}")
        location = owner.send(target, host=host, authorization=signed).header("Location")
        assert location == f"{ORIGIN}{target}-0"


def test_null_is_no_body(fresh: Client) -> None:
    album = fresh.emulator.account.add_album("New")
    target = f"/api/v2/album/{album.key}"
    signed = sign(fresh.emulator, "owner", "DELETE", ORIGIN + target)
    headers = {"host": HOST, "accept": "application/json", "content-type": "application/json"}
    request = Request("DELETE", target, "", {**headers, "authorization": signed}, b"null")
    assert fresh.emulator.handle(request).status == 200


# -- writes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content_type", ["application/json", FORM])
def test_what_is_created_is_shown_under_its_own_address(fresh: Client, content_type: str) -> None:
    root = fresh.emulator.account.root.id
    target = f"/api/v2/node/{root}!children?_pretty=true"
    response = fresh.write(target, {"Name": "New", "Type": "Album"}, content_type=content_type)
    answer = body(response)
    assert (response.status, answer["Code"], answer["Message"]) == (201, 201, "Created")
    node = answer["Response"]["Node"]
    assert node["ResponseLevel"] == "Full"
    assert answer["Response"]["Uri"] == node["Uri"] == f"/api/v2/node/{node['NodeID']}"
    table = {entry["Name"]: entry for entry in answer["Options"]["Parameters"]["POST"]}
    assert (table["Name"]["Value"], table["Type"]["Value"]) == ("New", "Album")


def test_what_is_changed_is_shown(fresh: Client) -> None:
    target = f"/api/v2/album/{album(fresh, 'Twins').key}"
    response = fresh.write(f"{target}?_pretty=true", {"Description": "said"}, "PATCH")
    answer = body(response)
    assert (response.status, answer["Message"]) == (200, "Ok")
    assert answer["Response"]["Uri"] == f"{target}?_pretty=true"
    assert answer["Response"]["Album"]["Description"] == "said"


def test_a_write_at_verbosity_three_tells_everything(fresh: Client) -> None:
    target = f"/api/v2/album/{album(fresh, 'Twins').key}?_verbosity=3"
    answer = body(fresh.write(target, {"Description": "said"}, "PATCH"))
    assert answer["Request"] == {"Version": "v2", "Method": "PATCH", "Uri": target}
    assert {"MethodDetails", "MediaTypes", "Output", "Notes", "Path"} <= answer["Options"].keys()
    assert answer["Options"]["Methods"] == ["PATCH"]
    table = {entry["Name"]: entry for entry in answer["Options"]["Parameters"]["PATCH"]}
    assert table["Description"]["Value"] == "said"
    assert "Timing" in answer["Response"]


def test_what_is_deleted_is_not_shown(fresh: Client) -> None:
    twins = album(fresh, "Twins")
    target = f"/api/v2/album/{twins.key}/image/{twins.photos[0].id}?_pretty=true"
    assert body(fresh.send(target, "DELETE")) == {
        "Options": {"Methods": ["DELETE"], "Parameters": {"DELETE": []}},
        "Response": {
            "Uri": target,
            "Locator": "AlbumImage",
            "LocatorType": "Object",
            "UriDescription": "Image from album",
            "EndpointType": "AlbumImage",
        },
        "Code": 200,
        "Message": "Ok",
    }


def test_an_action_says_ok(fresh: Client) -> None:
    image = album(fresh, "Twins").photos[0]
    best = album(fresh, "Best of")
    uri = f"/api/v2/album/{image.home}/image/{image.id}"
    response = fresh.write(f"/api/v2/album/{best.key}!collectimages", {"CollectUris": uri})
    answer = body(response)
    assert (response.status, answer["Code"], answer["Message"]) == (200, 200, "Ok")
    assert answer["Response"].keys() == {"Uri", "UriDescription", "EndpointType"}


# -- errors ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("?_verbosity=1", {}),
        ("", {"UriDescription": "Images from album", "EndpointType": "AlbumImages"}),
    ],
)
def test_an_error_is_an_envelope_without_an_object(owner: Client, query: str, said: dict[str, str]) -> None:
    target = f"/api/v2/album/nope!images{query}"
    assert body(owner.send(target)) == {
        "Response": {"Uri": target, "Locator": "AlbumImage", "LocatorType": "Objects", **said},
        "Code": 404,
        "Message": "Not Found",
    }


def test_an_error_at_verbosity_three_repeats_the_request(owner: Client) -> None:
    answer = body(owner.send("/api/v2/album/nope?_verbosity=3"))
    assert answer["Request"] == {"Version": "v2", "Method": "GET", "Uri": "/api/v2/album/nope?_verbosity=3"}
    assert answer["Code"] == 404


def test_a_refused_write_repeats_its_parameters(fresh: Client) -> None:
    root = fresh.emulator.account.root.id
    response = fresh.write(f"/api/v2/node/{root}!children", {"Type": "Album"})
    assert response.status == 400
    assert response.content().startswith(b'{"Options":{"Methods":["POST"],"ParameterDescription":{')
    table = {entry["Name"]: entry for entry in body(response)["Options"]["Parameters"]["POST"]}
    assert table["Type"]["Value"] == "Album"
    assert table["Name"]["Problems"]


def test_a_refused_write_at_verbosity_one_is_terse(fresh: Client) -> None:
    target = "/api/v2/folder/user/demo/Travel!albums?_verbosity=1"
    response = fresh.write(target, {"Name": "without an address", "UrlName": "wrong"})
    assert response.content() == (
        b'{"Response":{"Uri":"/api/v2/folder/user/demo/Travel!albums?_verbosity=1","Locator":"Album",'
        b'"LocatorType":"Objects"},"Code":400,"Message":"Bad Request"}'
    )


@pytest.mark.parametrize("text", [b"[1]", b"{", b"\xff\xfe", b"[" * 5000, b'{"a":' * 5000])
def test_a_body_that_cannot_be_read_is_a_bad_request(fresh: Client, text: bytes) -> None:
    target = f"/api/v2/album/{album(fresh, 'Twins').key}"
    sent = {
        "host": HOST,
        "accept": "application/json",
        "content-type": "application/json",
        "authorization": sign(fresh.emulator, "owner", "PATCH", ORIGIN + target),
    }
    assert fresh.emulator.handle(Request("PATCH", target, "", sent, text)).status == 400


def test_who_is_not_known_gets_no_response_object(owner: Client) -> None:
    answer = owner.send(USER, authorization='OAuth oauth_consumer_key="x"')
    assert answer.status == 401
    assert body(answer).keys() == {"Code", "Message"}
    assert body(answer)["Message"].startswith("oauth_problem=")


def test_nobody_in_particular_is_no_user() -> None:
    answer = demo("anonymous").send("/api/v2!authuser")
    assert answer.status == 401
    assert "Response" not in body(answer)


def test_writes_need_a_user() -> None:
    client = demo("anonymous")
    assert client.send(f"/api/v2/album/{album(client, 'Twins').key}", "DELETE").status == 401


@pytest.mark.parametrize("status", [401, 403])
def test_a_grant_that_does_not_reach_is_told(status: Any) -> None:
    switches = Switches(permissions="Add", grant_status=status)
    client = Client(Emulator(Settings(switches=switches)))
    answer = client.send(f"/api/v2/album/{album(client, 'Twins').key}", "DELETE")
    assert answer.status == status
    assert body(answer)["Message"] == "The user has not granted the required permissions"


def test_a_missing_address_is_json_below_the_api_and_a_page_elsewhere(owner: Client) -> None:
    inside, outside = owner.send("/api/v2/nonsense"), owner.send("/nonsense")
    assert (inside.status, body(inside)) == (404, {"Code": 404, "Message": "Not Found"})
    assert (outside.status, kind(outside)) == (404, "text/html")


def test_a_long_address_never_reaches_the_api(owner: Client) -> None:
    keys = ",".join(f"Key{number:05d}-0" for number in range(792))
    response = owner.send(f"/api/v2/image/{keys}")
    assert (response.status, kind(response)) == (403, "text/html")
    assert b"Forbidden" in response.content()


# -- several at once, and moved ones ---------------------------------------------------------------------


def test_several_objects_at_once(owner: Client) -> None:
    keys = list(owner.emulator.account.albums)[:3]
    response = owner.get(f"/api/v2/album/{','.join(keys)},Nope")["Response"]
    assert [shown["AlbumKey"] for shown in response["Album"]] == keys
    assert (response["Locator"], response["LocatorType"]) == ("Album", "Objects")
    assert owner.get(f"/api/v2/album/{keys[0]}")["Response"]["LocatorType"] == "Object"
    nodes = [node.id for node in owner.emulator.account.root.children[:2]]
    assert len(owner.get(f"/api/v2/node/{','.join(nodes)}")["Response"]["Node"]) == 2
    images = [image.id for image in album(owner, "Twins").photos]
    assert len(owner.get(f"/api/v2/image/{','.join(images)}")["Response"]["Image"]) == 4


@pytest.mark.parametrize("status", [301, 302])
def test_an_image_without_its_serial_has_moved(status: Any) -> None:
    client = Client(Emulator(Settings(switches=Switches(redirect_status=status))))
    image = album(client, "Twins").photos[0]
    for target in (f"/api/v2/image/{image.key}", f"/api/v2/album/{image.home}/image/{image.key}"):
        response = client.send(f"{target}?_verbosity=1&a=%20b")
        assert response.status == status
        assert response.header("Location") == f"{ORIGIN}{target}-0?_verbosity=1&a=%20b"


def test_actions_take_an_image_with_and_without_its_serial(owner: Client) -> None:
    image = album(owner, "Twins").photos[0]
    for action in ("metadata", "largestimage", "sizes", "download", "albums"):
        assert owner.status(f"/api/v2/image/{image.key}!{action}") == 200
        assert owner.status(f"/api/v2/image/{image.id}!{action}") == 200


# -- the rate limit --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "status"),
    [(USER, 200), ("/api/v2/nonsense", 404), ("/api/v2/album/nope", 404)],
)
def test_every_answer_tells_what_is_left(owner: Client, target: str, status: int) -> None:
    first, second = owner.send(target), owner.send(target)
    assert first.status == status
    remaining = [int(answer.header("X-RateLimit-Remaining") or 0) for answer in (first, second)]
    assert remaining[0] == remaining[1] + 1
    assert int(first.header("X-RateLimit-Reset") or 0) > owner.emulator.clock()


def test_a_refused_signature_counts_too(owner: Client) -> None:
    assert owner.send(USER, authorization="OAuth x").header("X-RateLimit-Remaining")


def test_media_are_not_limited(owner: Client) -> None:
    image = owner.get(f"/api/v2/image/{album(owner, 'Twins').photos[0].id}")["Response"]["Image"]
    answer = owner.media(image["ArchivedUri"])
    assert answer.status == 200
    assert answer.header("X-RateLimit-Remaining") is None


def left(client: Client) -> int:
    return int(client.send(USER).header("X-RateLimit-Remaining") or 0)


def test_each_user_of_an_application_has_a_window(fresh: Client) -> None:
    other, nobody = (Client(fresh.emulator, viewer) for viewer in ("other", "anonymous"))
    assert left(fresh) - 1 == left(fresh)
    assert left(other) == left(nobody) == left(fresh) + 2


def test_a_window_opens_with_the_first_request_and_ends() -> None:
    clock = Clock(float(round(time.time())))
    client = Client(Emulator(Settings(switches=Switches(allowance=2)), clock=clock), "anonymous")
    clock.now += 100
    opened = clock.now
    assert [client.status(USER) for _ in range(4)] == [200, 200, 429, 429]
    clock.now += 3000
    refused = client.send(USER)
    assert body(refused) == {"Code": 429, "Message": "Too Many Requests"}
    assert refused.header("Retry-After") == "600"
    assert refused.header("X-RateLimit-Remaining") == "0"
    assert refused.header("X-RateLimit-Reset") == str(int(opened) + 3600)
    clock.now += 600
    assert client.status(USER) == 200


def test_media_mind_no_header(owner: Client) -> None:
    image = owner.get(f"/api/v2/image/{album(owner, 'Twins').photos[0].id}")["Response"]["Image"]
    answer = owner.media(image["ArchivedUri"], accept="application/json", authorization="OAuth x")
    assert answer.content() == owner.media(image["ArchivedUri"]).content()


def test_an_exhausted_window_says_when_it_ends() -> None:
    client = Client(Emulator(Settings(faults=("429:window=10",))))
    answer = client.send(USER)
    assert (answer.status, body(answer)["Code"]) == (429, 429)
    assert answer.header("Retry-After") == "10"
    assert answer.header("X-RateLimit-Remaining") == "0"
    reset = int(answer.header("X-RateLimit-Reset") or 0)
    assert abs(reset - client.emulator.clock() - 10) <= 2
