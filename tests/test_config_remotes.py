"""What each kind of remote needs, takes and ignores in a configuration."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from smugsync.config import Config
from smugsync.config.remotes import KINDS, REMOTES, TOKEN, Way
from smugsync.config.settings import RemoteSettings
from smugsync.config.sources import HIDDEN, OTHER_SECRETS, SECRETS
from smugsync.config.values import AlbumPassword, RemoteConfig
from smugsync.secret import Secret
from tests.test_config import Desk

MIRROR = 'mirror = "/srv/photos"\n'
OAUTH = 'api_key = "key-value"\napi_secret = "secret-value"\n'
TOKENS = 'access_token = "token-value"\naccess_token_secret = "token-secret-value"\n'
LOGIN = 'api_key = "key-value"\nemail = "me@example.org"\npassword = "pass word"\n'
PAIR = 'public_key = "public-value"\nprivate_key = "private-value"\n'
SITE = 'site_url = "https://photos.example.org/blog/"\n'
LEGACY = tuple(kind for kind in KINDS if kind.startswith("smugmug-1"))
SESSIONS = tuple(kind for kind in LEGACY if Way.PASSWORD in REMOTES[kind].ways)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def load(desk: Desk, kind: str, *settings: str) -> Config:
    desk.write(f'{MIRROR}[remote]\nkind = "{kind}"\n{"".join(settings)}')
    return desk.load()


def problems(desk: Desk, kind: str, *settings: str) -> list[str]:
    desk.write(f'{MIRROR}[remote]\nkind = "{kind}"\n{"".join(settings)}')
    return desk.problems()


# The table


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_kind_takes_is_a_setting(kind: str) -> None:
    assert REMOTES[kind].takes <= set(RemoteSettings.model_fields)
    assert REMOTES[kind].takes <= set(RemoteConfig.__dataclass_fields__)
    assert REMOTES[kind].unless_told in REMOTES[kind].ways


def test_every_secret_means_something_to_some_kind() -> None:
    taken = set().union(*(remote.takes for remote in REMOTES.values()))
    assert {*SECRETS, *OTHER_SECRETS, "user", "site_url"} <= taken


def test_every_secret_may_lie_in_a_file_of_its_own() -> None:
    ours = {name for table, name in HIDDEN if table == "remote"}
    assert ours == {*SECRETS, *OTHER_SECRETS}
    assert {f"{name}_file" for name in ours} <= set(RemoteSettings.model_fields)


# What is enough


@pytest.mark.parametrize(
    ("kind", "settings", "way"),
    [
        ("smugmug-v2", OAUTH + TOKENS, Way.OAUTH),
        ("smugmug-v2", 'api_key = "key-value"\nuser = "nick"\n', Way.KEY),
        ("smugmug-v2", OAUTH + TOKENS + 'user = "nick"\n', Way.OAUTH),
        ("smugmug-1.3.0", OAUTH + TOKENS, Way.OAUTH),
        ("smugmug-1.3.0", 'api_key = "key-value"\nuser = "nick"\n', Way.KEY),
        ("smugmug-1.2.2", OAUTH + TOKENS, Way.OAUTH),
        ("smugmug-1.2.2", LOGIN, Way.PASSWORD),
        ("smugmug-1.2.2", 'api_key = "key-value"\nuser = "nick"\n', Way.KEY),
        ("smugmug-1.2.1", LOGIN, Way.PASSWORD),
        ("smugmug-1.2.1", 'api_key = "key-value"\nuser = "nick"\n', Way.KEY),
        ("smugmug-1.2.0", LOGIN, Way.PASSWORD),
        ("smugmug-1.2.0", LOGIN + 'user = "nick"\n', Way.PASSWORD),
        ("smugmug-1.2.0", 'api_key = "key-value"\nuser = "nick"\n', Way.KEY),
        ("pixelpost", SITE + PAIR, Way.PAIR),
        ("pixelpost", SITE, Way.NOBODY),
    ],
)
def test_each_way_is_enough(desk: Desk, kind: str, settings: str, way: Way) -> None:
    remote = load(desk, kind, settings).remote
    assert (remote.kind, remote.way, remote.signed_out) == (kind, way, False)
    assert remote.anonymous == (way in (Way.KEY, Way.NOBODY))


@pytest.mark.parametrize("kind", ["smugmug-v2", "smugmug-1.3.0", "smugmug-1.2.2"])
def test_a_token_may_come_later(desk: Desk, kind: str) -> None:
    assert load(desk, kind, OAUTH).remote.signed_out


@pytest.mark.parametrize("kind", SESSIONS)
def test_a_password_is_never_signed_out(desk: Desk, kind: str) -> None:
    assert not load(desk, kind, LOGIN).remote.signed_out


def test_a_token_counts_before_a_password(desk: Desk) -> None:
    assert load(desk, "smugmug-1.2.2", LOGIN, 'api_secret = "s"\n', TOKENS).remote.way is Way.OAUTH


def test_a_password_counts_before_a_secret_without_a_token(desk: Desk) -> None:
    """An API secret is often in the environment, where other tools look for it."""
    desk.environ["SMUGMUG_API_SECRET"] = "secret-value"
    assert load(desk, "smugmug-1.2.2", LOGIN).remote.way is Way.PASSWORD


# What is missing


@pytest.mark.parametrize(
    ("kind", "settings", "missing"),
    [
        ("smugmug-v2", "", ["api_key", "api_secret"]),
        ("smugmug-1.3.0", "", ["api_key", "api_secret"]),
        ("smugmug-1.3.0", OAUTH + 'access_token = "t"\n', ["access_token_secret"]),
        ("smugmug-1.3.0", 'user = "nick"\n', ["api_key"]),
        ("smugmug-1.2.2", "", ["api_key", "email", "password"]),
        ("smugmug-1.2.2", 'api_secret = "s"\n', ["api_key"]),
        ("smugmug-1.2.2", OAUTH + 'access_token = "t"\nemail = "e"\n', ["access_token_secret"]),
        ("smugmug-1.2.1", OAUTH + TOKENS, ["email", "password"]),
        ("smugmug-1.2.0", "", ["api_key", "email", "password"]),
        ("smugmug-1.2.0", 'api_key = "k"\nemail = "e"\n', ["password"]),
        ("smugmug-1.2.0", 'email = "e"\npassword = "p"\n', ["api_key"]),
        ("pixelpost", "", ["site_url"]),
        ("pixelpost", 'private_key = "p"\n', ["site_url", "public_key"]),
        ("pixelpost", SITE + 'public_key = "p"\n', ["private_key"]),
    ],
)
def test_what_is_missing_is_said(desk: Desk, kind: str, settings: str, missing: list[str]) -> None:
    found = problems(desk, kind, settings)
    assert [one.partition(" is missing: ")[0] for one in found] == [f"FILE: remote.{one}" for one in missing]


def test_where_a_password_is_missing_no_browser_is_named_that_cannot_help(desk: Desk) -> None:
    found = problems(desk, "smugmug-1.2.0", 'api_key = "k"\n')
    assert found[1] == (
        "FILE: remote.password is missing: write password (or password_file) below [remote], "
        "or set SMUGSYNC_REMOTE__PASSWORD (or SMUGSYNC_REMOTE__PASSWORD_FILE)"
    )
    assert "auth login" not in " ".join(found)


def test_where_both_help_both_are_named(desk: Desk) -> None:
    found = problems(desk, "smugmug-1.2.2", 'api_key = "k"\n')
    assert all(one.endswith(", or write api_secret and run `smugsync auth login`") for one in found)


def test_an_address_that_is_missing_has_no_file(desk: Desk) -> None:
    assert problems(desk, "pixelpost") == [
        'FILE: remote.site_url is missing: write site_url = "https://..." below [remote], '
        "or set SMUGSYNC_REMOTE__SITE_URL"
    ]


def test_a_file_that_cannot_be_read_is_one_problem(desk: Desk) -> None:
    found = problems(desk, "smugmug-1.2.2", 'api_key = "k"\nemail = "e"\npassword_file = "nowhere"\n')
    assert len(found) == 1
    assert "nowhere: No such file or directory" in found[0]


# What is too much


EVERYTHING = (
    OAUTH + TOKENS + 'email = "me@example.org"\npassword = "pass word"\nsite_password = "sesame"\n'
    'album_passwords = ["Abc=unlatched"]\n' + SITE + PAIR
)


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_kind_does_not_take_is_ignored(desk: Desk, kind: str) -> None:
    remote = load(desk, kind, EVERYTHING).remote
    takes = remote.remote.takes
    for name in (*SECRETS[1:], *OTHER_SECRETS, "site_url"):
        assert bool(getattr(remote, name)) == (name in takes), name
    assert bool(remote.api_key) == ("api_key" in takes)


def test_a_nickname_is_nothing_to_pixelpost(desk: Desk) -> None:
    assert load(desk, "pixelpost", SITE, 'user = "nick"\n').remote.user is None


def test_a_file_of_another_remote_need_not_be_there(desk: Desk) -> None:
    assert load(desk, "pixelpost", SITE, 'api_key_file = "/nowhere"\n').remote.way is Way.NOBODY


def test_what_a_store_of_credentials_holds_for_others_is_left_alone(desk: Desk) -> None:
    """`/run/secrets` is shared by everything in a container: `private_key` may be one of SSH."""
    desk.secret("run-secrets/private_key", "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnN\n")
    desk.secret("run-secrets/password", "two\nlines")
    assert load(desk, "smugmug-v2", OAUTH, TOKENS).remote.private_key is None


def test_an_unknown_kind_is_one_problem(desk: Desk) -> None:
    assert len(problems(desk, "flickr")) == 1


# Addresses


@pytest.mark.parametrize("kind", LEGACY)
def test_other_addresses_follow_the_first_one(desk: Desk, kind: str) -> None:
    login = LOGIN if kind in SESSIONS else OAUTH + TOKENS
    remote = load(desk, kind, login, 'api_url = "http://127.0.0.1:8000/"\n').remote
    assert (remote.api_url, remote.upload_url) == ("http://127.0.0.1:8000", "http://127.0.0.1:8000/")
    if "oauth_url" in remote.remote.places:
        assert remote.oauth_url == "http://127.0.0.1:8000"


@pytest.mark.parametrize("kind", LEGACY)
def test_what_is_named_follows_nothing(desk: Desk, kind: str) -> None:
    named = 'api_url = "http://127.0.0.1:8000"\nupload_url = "https://up.example.org/x"\n'
    remote = load(desk, kind, LOGIN if kind in SESSIONS else OAUTH + TOKENS, named).remote
    assert remote.upload_url == "https://up.example.org/x"


@pytest.mark.parametrize("kind", LEGACY)
def test_the_service_is_smugmug_unless_told(desk: Desk, kind: str) -> None:
    remote = load(desk, kind, LOGIN if kind in SESSIONS else OAUTH + TOKENS).remote
    assert (remote.api_url, remote.upload_url) == ("https://api.smugmug.com", "https://upload.smugmug.com/")


def test_v2_asks_where_it_is_told_to_and_nothing_follows(desk: Desk) -> None:
    remote = load(desk, "smugmug-v2", OAUTH, TOKENS, 'api_url = "http://127.0.0.1:8000"\n').remote
    assert remote.upload_url == "https://upload.smugmug.com/"


@pytest.mark.parametrize("kind", LEGACY)
def test_a_password_is_not_sent_in_the_clear(desk: Desk, kind: str) -> None:
    login = LOGIN if kind in SESSIONS else OAUTH + TOKENS
    found = problems(desk, kind, login, 'api_url = "http://photos.example.org"\n')
    assert found[0] == (
        "FILE: remote.api_url would send the credentials unencrypted: use https, or set remote.allow_http"
    )
    assert load(
        desk, kind, login, 'api_url = "http://photos.example.org"\nallow_http = true\n'
    ).remote.allow_http


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("https://photos.example.org/", "https://photos.example.org"),
        ("https://photos.example.org/~me/blog/", "https://photos.example.org/~me/blog"),
        ("http://127.0.0.1:8093", "http://127.0.0.1:8093"),
    ],
)
def test_a_site_may_lie_in_a_directory(desk: Desk, text: str, address: str) -> None:
    assert load(desk, "pixelpost", f'site_url = "{text}"\n').remote.site_url == address


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("photos.example.org", "must be a web address such as https://photos.example.org"),
        ("ftp://photos.example.org", "must be a web address such as https://photos.example.org"),
        ("https://me:pw@photos.example.org", "must be an address without user name, query or fragment"),
        ("https://photos.example.org/?x=y", "must be an address without user name, query or fragment"),
        ("http://photos.example.org", "is not encrypted, so that others on the way can read and change"),
    ],
)
def test_a_site_that_cannot_be_asked(desk: Desk, text: str, problem: str) -> None:
    found = problems(desk, "pixelpost", f'site_url = "{text}"\n')
    assert found[0].startswith(f"FILE: remote.site_url {problem}")
    assert "pw" not in found[0]


def test_a_site_may_be_asked_in_the_clear_by_express_wish(desk: Desk) -> None:
    text = 'site_url = "http://photos.example.org"\nallow_http = true\n'
    assert load(desk, "pixelpost", text).remote.site_url == "http://photos.example.org"


# Passwords


@pytest.mark.parametrize("name", ["password", "site_password"])
def test_a_password_is_taken_as_it_is(desk: Desk, name: str) -> None:
    text = LOGIN.replace('password = "pass word"\n', "") if name == "password" else LOGIN
    secret = getattr(load(desk, "smugmug-1.2.0", text, f'{name} = " open, sesame "\n').remote, name)
    assert secret.reveal() == " open, sesame "
    desk.secret("secret", " open, sesame \r\n")
    secret = getattr(load(desk, "smugmug-1.2.0", text, f'{name}_file = "secret"\n').remote, name)
    assert secret.reveal() == " open, sesame "


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('password = "one\\ntwo"', "remote.password holds a line end or another character"),
        ("password = 3", "remote.password must be a string"),
        ('password_file = "secret"', "secret: holds more than one line"),
        ('email = "me too"', "remote.email holds more than one word"),
    ],
)
def test_a_password_that_is_none(desk: Desk, text: str, problem: str) -> None:
    desk.secret("secret", "one\ntwo\n")
    settings = 'api_key = "k"\n' + ('email = "e"\n' if "password" in text else 'password = "p"\n')
    found = problems(desk, "smugmug-1.2.0", settings, text)
    assert len(found) == 1
    assert problem in found[0]


ALBUMS = (AlbumPassword("Abc12", Secret("open=sesame, please")), AlbumPassword("51343_k8W1aR", Secret("x y")))


def test_album_passwords_by_their_keys(desk: Desk) -> None:
    text = 'album_passwords = ["Abc12=open=sesame, please", "51343_k8W1aR=x y"]\n'
    assert load(desk, "smugmug-1.2.2", LOGIN, text).remote.album_passwords == ALBUMS
    desk.secret("albums", "Abc12=open=sesame, please\n\n51343_k8W1aR=x y\n")
    assert (
        load(desk, "smugmug-1.2.2", LOGIN, 'album_passwords_file = "albums"\n').remote.album_passwords
        == ALBUMS
    )


@pytest.mark.parametrize(
    "value",
    ["Abc12=open=sesame, please\n51343_k8W1aR=x y", '["Abc12=open=sesame, please", "51343_k8W1aR=x y"]'],
)
def test_album_passwords_in_the_environment(desk: Desk, value: str) -> None:
    desk.environ["SMUGSYNC_REMOTE__ALBUM_PASSWORDS"] = value
    assert load(desk, "smugmug-1.3.0", OAUTH, TOKENS).remote.album_passwords == ALBUMS


@pytest.mark.parametrize(
    "value", ['"sesame"', '["sesame"]', '["=sesame"]', '["Abc="]', '["A b=c"]', "[3]", "3"]
)
def test_album_passwords_that_name_no_album(desk: Desk, value: str) -> None:
    found = problems(desk, "smugmug-1.3.0", OAUTH, TOKENS, f"album_passwords = {value}\n")
    assert len(found) == 1
    assert "remote.album_passwords must be a list of album keys with their passwords" in found[0]
    assert "=sesame" not in found[0]


def test_every_new_secret_may_come_as_a_credential(desk: Desk) -> None:
    desk.secret("run-secrets/email", "me@example.org\n")
    desk.secret("run-secrets/default.password", "pass word\n")
    desk.secret("run-secrets/smugsync_remote__album_passwords", "Abc=unlatched\n")
    remote = load(desk, "smugmug-1.2.0", 'api_key = "k"\n').remote
    assert [remote.email, remote.password] == [Secret("me@example.org"), Secret("pass word")]
    assert remote.album_passwords == (AlbumPassword("Abc", Secret("unlatched")),)


@pytest.mark.parametrize("name", OTHER_SECRETS)
def test_every_new_secret_may_come_from_a_file_that_the_environment_names(desk: Desk, name: str) -> None:
    kind = next(kind for kind in KINDS if name in REMOTES[kind].takes)
    value = "Abc=value" if name == "album_passwords" else "value"
    desk.environ[f"SMUGSYNC_REMOTE__{name.upper()}_FILE"] = str(desk.secret("secret", f"{value}\n"))
    rest = {
        "email": "password",
        "password": "email",
        "public_key": "private_key",
        "private_key": "public_key",
    }
    other = f'{rest[name]} = "other"\n' if name in rest else ""
    way = SITE if kind == "pixelpost" else OAUTH + TOKENS if not other else 'api_key = "k"\n'
    found = load(desk, kind, way, other)
    assert "value" in {one.reveal() for one in found.remote.secrets()}
    assert any(f"{desk.root / 'secret'} (environment variable" in one.where for one in found.origins)


def test_a_configuration_with_a_password_is_for_its_owner_alone(desk: Desk) -> None:
    desk.write(f'{MIRROR}[remote]\nkind = "smugmug-1.2.0"\n{LOGIN}', mode=0o644)
    assert "holds secrets and can be read by others" in desk.problems()[0]


@pytest.mark.parametrize("kind", KINDS)
def test_every_secret_is_known_to_the_redactor_and_shown_by_nothing(desk: Desk, kind: str) -> None:
    config = load(desk, kind, EVERYTHING)
    values = {
        "api_key": "key-value",
        "api_secret": "secret-value",
        "access_token": "token-value",
        "access_token_secret": "token-secret-value",
        "email": "me@example.org",
        "password": "pass word",
        "site_password": "sesame",
        "album_passwords": "unlatched",
        "public_key": "public-value",
        "private_key": "private-value",
    }
    assert {*SECRETS, *OTHER_SECRETS} == set(values)
    taken = {value for name, value in values.items() if name in config.remote.remote.takes}
    assert {one.reveal() for one in config.remote.secrets()} == taken
    assert not [value for value in taken if value in repr(config)]
    assert {one.setting for one in config.origins} == {name for name in values if values[name] in taken}


# Uploads


def test_pixelpost_takes_no_uploads(desk: Desk) -> None:
    found = problems(desk, "pixelpost", SITE, PAIR, "[upload]\nenabled = true\n")
    assert found == [
        "FILE: upload.enabled is true, but Pixelpost is read-only here, nothing can be sent to it: remove it"
    ]


@pytest.mark.parametrize("kind", LEGACY)
def test_the_older_interfaces_take_uploads(desk: Desk, kind: str) -> None:
    login = LOGIN if kind in SESSIONS else OAUTH + TOKENS
    assert load(desk, kind, login, "[upload]\nenabled = true\n").upload.enabled


def test_a_visitor_sends_nothing_whatever_the_interface(desk: Desk) -> None:
    found = problems(desk, "smugmug-1.2.0", LOGIN, 'user = "nick"\n[upload]\nenabled = true\n')
    assert "with remote.user the albums are a visitor's" in found[0]


def test_a_token_is_a_whole() -> None:
    assert set(TOKEN) <= set(Way.OAUTH.needs)


# The document


DOCUMENT = (Path(__file__).parents[1] / "docs" / "remotes.md").read_text()
EXAMPLES = re.findall(r"```toml\n(.*?)```", DOCUMENT, re.DOTALL)


def test_every_example_of_the_document_can_be_used(desk: Desk) -> None:
    assert len(EXAMPLES) >= 4
    for text in EXAMPLES:
        desk.secret("password", "secret-word")
        complete = re.sub(r'"/etc/smugsync/\w+"', f'"{desk.root}/password"', text)
        desk.write(complete if complete.startswith("mirror") else MIRROR + complete)
        assert desk.load().remote.kind in text


def test_the_document_knows_every_kind_and_every_setting_of_one() -> None:
    assert [kind for kind in KINDS if f"`{kind}`" not in DOCUMENT] == []
    settings = {*SECRETS, *OTHER_SECRETS, "user", "site_url"}
    assert [name for name in sorted(settings) if name not in DOCUMENT] == []
