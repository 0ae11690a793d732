"""Secrets come into a configuration and leave it; nothing else in the file moves."""

from __future__ import annotations

import difflib
import os
import stat
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smugsync.config import load
from smugsync.config.editing import forget_secrets, heirs, set_secrets
from smugsync.config.template import render
from smugsync.config.writing import check_replaceable, replace_private
from smugsync.errors import ConfigError

TOKEN = ("access_token", "access_token_secret")
VALUES = {"access_token": "new-token", "access_token_secret": "new-secret"}
KEYS = {"mirror": "/srv/photos", "remote.api_key": "key", "remote.api_secret": "secret"}
TEMPLATE = render(KEYS)
SECOND = f"{TEMPLATE}\n\n{render({'mirror': '/srv/b'}, profile='b.c')}"


def changes(before: str, after: str) -> list[str]:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    return [f"{line[0]} {line[1:]}" for line in list(lines)[2:] if line[0] in "+-"]


# What is written


def test_the_templates_comments_give_their_places() -> None:
    assert changes(TEMPLATE, set_secrets(TEMPLATE, "default", VALUES)) == [
        '- # access_token = "..."',
        '- # access_token_secret = "..."',
        '+ access_token = "new-token"',
        '+ access_token_secret = "new-secret"',
    ]


def test_values_are_replaced_where_they_stand() -> None:
    text = '[remote]\naccess_token = "old"  # mine\n\n# and\naccess_token_secret = "old"\napi_key = "key"\n'
    assert set_secrets(text, "default", VALUES) == (
        '[remote]\naccess_token = "new-token"  # mine\n\n# and\naccess_token_secret = "new-secret"\n'
        'api_key = "key"\n'
    )


def test_a_profile_has_a_table_of_its_own() -> None:
    written = set_secrets(SECOND, "b.c", VALUES)
    assert len(changes(SECOND, written)) == 4
    assert tomllib.loads(written)["profile"]["b.c"]["remote"] == {**VALUES}
    assert "access_token" not in tomllib.loads(written)["remote"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", '[remote]\n+\n'),
        ("[remote]\n", "[remote]\n+\n"),
        ('[remote]\napi_key = "k"\n# logs\n[log]\n', '[remote]\napi_key = "k"\n+\n# logs\n[log]\n'),
        ("[remote] # mine\r\nuser = ''\r\n[log]\r\n", "[remote] # mine\r\nuser = ''\r\n+\r\n[log]\r\n"),
        ('[remote]\n# access_token = see the vault\n', '[remote]\n# access_token = see the vault\n+\n'),
        ('remote.api_key = "k"\n[log]\n', 'remote.api_key = "k"\n*\n[log]\n'),
        ('[log]\nlevel = "info"\n', '[log]\nlevel = "info"\n\n[remote]\n+\n'),
    ],
)  # fmt: skip
def test_new_lines_go_where_people_look_for_them(text: str, expected: str) -> None:
    """`+` stands for both new lines, `*` for both with the name of their table."""
    end = "\r\n" if "\r\n" in text else "\n"
    plain = [f'{name} = "{value}"' for name, value in VALUES.items()]
    wanted = expected.replace("+", end.join(plain)).replace("*", "\n".join(f"remote.{one}" for one in plain))
    assert set_secrets(text, "default", VALUES) == wanted


SHAPES = [
    "",
    TEMPLATE,
    SECOND,
    'mirror = "/x"\nremote = { api_key = "k" }\n',
    '[remote]\napi_key = "k"',
    '[profile.b]\nmirror = "/b"\n[log]\n[profile."b.c"]\nmirror = "/c"\n[remote]\nuser = "x"\n',
    '[profile.default.remote]\napi_key = "k"\n[remote]\naccess_token = "old"\n',
    '[ profile . "b.c" . remote ]\nuser = ""\n# end\n[log]\n',
    'mirror = """\n[remote]\n# access_token = "..."\n"""\n[remote]\n',
    '[profile.b]\nmirror = "/b"\n[profile."b.c".log]\nlevel = "info"\n',
    "# only a comment",
]


@pytest.mark.parametrize("profile", ["default", "b.c", "b"])
@pytest.mark.parametrize("text", SHAPES)
def test_whatever_the_file_looks_like_only_the_values_are_new(text: str, profile: str) -> None:
    before = tomllib.loads(text)
    written = set_secrets(text, profile, VALUES)
    after = tomllib.loads(written)
    own = profile != "default" or "default" in before.get("profile", {})
    table = after["profile"][profile]["remote"] if own else after["remote"]
    assert {name: table.pop(name) for name in TOKEN} == VALUES
    expected = before
    for part in ("profile", profile, "remote") if own else ("remote",):
        expected = expected.setdefault(part, {})
    for name in TOKEN:
        expected.pop(name, None)
    assert after == before
    comments = [line for line in text.splitlines() if line.startswith("#") and "access_token" not in line]
    assert [one for one in comments if one not in written.splitlines()] == []


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=40))
def test_any_value_is_read_back(value: str) -> None:
    written = set_secrets(TEMPLATE, "default", {"access_token": value, "access_token_secret": "s"})
    assert tomllib.loads(written)["remote"]["access_token"] == value


@pytest.mark.parametrize("line", ['b = { mirror = "/b" }', 'b.mirror = "/b"'])
def test_what_no_program_can_add_to(line: str) -> None:
    text = f"[profile]\n{line}\n"
    with pytest.raises(ValueError, match=r"profile\.b\.remote is written in a way") as caught:
        set_secrets(text, "b", VALUES)
    assert "new-token" not in str(caught.value)


# What is forgotten


def test_what_is_forgotten_keeps_its_place() -> None:
    written = set_secrets(TEMPLATE, "default", VALUES)
    forgotten = forget_secrets(written, "default", TOKEN)
    assert changes(TEMPLATE, forgotten) == [
        '- # access_token = "..."',
        '- # access_token_secret = "..."',
        '+ access_token = ""',
        '+ access_token_secret = ""',
    ]
    assert set_secrets(forgotten, "default", VALUES) == written


@pytest.mark.parametrize(
    "text", [*SHAPES, set_secrets(SECOND, "b.c", VALUES), set_secrets(SECOND, "default", VALUES)]
)
@pytest.mark.parametrize("profile", ["default", "b.c"])
def test_nothing_is_left_to_the_profile(text: str, profile: str) -> None:
    data = tomllib.loads(forget_secrets(text, profile, TOKEN))
    top, own = data.get("remote", {}), data.get("profile", {}).get(profile, {}).get("remote", {})
    for name in TOKEN:
        assert not {**top, **own}.get(name)
        if profile == "default":
            assert not top.get(name), "a secret was left in the file"


def test_forgetting_twice_changes_nothing() -> None:
    for text in SHAPES:
        once = forget_secrets(text, "default", TOKEN)
        assert forget_secrets(once, "default", TOKEN) == once
    assert forget_secrets(TEMPLATE, "default", TOKEN) == TEMPLATE


def test_a_profile_stops_inheriting_and_leaves_the_others() -> None:
    text = set_secrets(SECOND, "default", VALUES)
    assert heirs(text, TOKEN) == ["b.c"]
    forgotten = forget_secrets(text, "b.c", TOKEN)
    data = tomllib.loads(forgotten)
    assert data["profile"]["b.c"]["remote"] == dict.fromkeys(TOKEN, "")
    assert data["remote"]["access_token"] == "new-token"
    assert heirs(forgotten, TOKEN) == []
    assert heirs(SECOND, TOKEN) == []


# Putting it in its place


def test_the_new_file_is_private_and_nothing_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "new" / "config.toml"
    replace_private(path, "a = 1\n")
    path.chmod(0o644)
    replace_private(path, "a = 2\r\n")
    assert path.read_bytes() == b"a = 2\r\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in path.parent.iterdir()] == ["config.toml"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    target, link = tmp_path / "vault" / "real.toml", tmp_path / "config.toml"
    target.parent.mkdir()
    target.write_text("old")
    link.symlink_to(target)
    replace_private(link, "new")
    assert (link.is_symlink(), target.read_text()) == (True, "new")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_whose_file_it_is_stays(tmp_path: Path) -> None:
    """`sudo smugsync auth login` on a service's configuration must leave it readable for the service."""
    path = tmp_path / "config.toml"
    path.write_text("old")
    os.chown(path, 1234, 5678)
    replace_private(path, "new")
    found = path.stat()
    assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (1234, 5678, 0o600)


def test_a_file_that_somebody_left_in_our_way_is_not_used(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    trap = tmp_path / f".config.toml.{os.getpid()}"
    trap.touch(0o666)
    trap.chmod(0o666)
    with trap.open() as watching:
        replace_private(path, "secret")
        assert watching.read() == ""
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_cannot_be_replaced_is_known_before(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file" / "config.toml", Path("/proc/smugsync/config.toml")):
        with pytest.raises(ConfigError, match="cannot be written: "):
            check_replaceable(path)
        with pytest.raises(ConfigError, match="cannot be written: "):
            replace_private(path, "")
    check_replaceable(tmp_path / "new" / "config.toml")
    assert list((tmp_path / "new").iterdir()) == []


# Where secrets come from


def test_every_secret_says_where_it_comes_from(tmp_path: Path) -> None:
    file, secret = tmp_path / "config.toml", tmp_path / "secret"
    secret.touch(0o600)
    secret.write_text("from-a-file")
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "access_token").write_text("from-a-credential")
    file.write_text(
        f'mirror = "/srv/photos"\n[remote]\napi_secret_file = "{secret}"\naccess_token_secret = "s"\n'
    )
    file.chmod(0o600)
    environ = {"HOME": "/h", "SMUGMUG_API_KEY": "k", "CREDENTIALS_DIRECTORY": str(credentials)}
    config = load(file, "default", environ, secrets=tmp_path / "none")
    assert {one.setting: (one.where, one.in_file) for one in config.origins} == {
        "api_key": ("environment variable SMUGMUG_API_KEY", False),
        "api_secret": (f"{secret} ({file}: remote.api_secret_file)", False),
        "access_token": (f"{credentials}/access_token", False),
        "access_token_secret": (str(file), True),
    }
    environ["SMUGSYNC_REMOTE__ACCESS_TOKEN_SECRET"] = "e"
    (last,) = [
        one
        for one in load(file, "default", environ, secrets=tmp_path / "none").origins
        if one.setting == "access_token_secret"
    ]
    assert last.where == "environment variable SMUGSYNC_REMOTE__ACCESS_TOKEN_SECRET"


def test_what_is_empty_comes_from_nowhere(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('mirror = "/srv/photos"\n[remote]\napi_key = "k"\napi_secret = "s"\naccess_token = ""\n')
    file.chmod(0o600)
    config = load(file, "default", {"HOME": "/h"}, secrets=tmp_path / "none")
    assert [one.setting for one in config.origins] == ["api_key", "api_secret"]
    assert config.remote.signed_out


def test_half_a_token_is_a_problem_but_to_those_who_bring_one(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(
        'mirror = "/srv/photos"\n[remote]\napi_key = "k"\napi_secret = "s"\naccess_token = "half"\n'
    )
    file.chmod(0o600)
    with pytest.raises(ConfigError, match="access_token_secret is missing"):
        load(file, "default", {"HOME": "/h"}, secrets=tmp_path / "none")
    config = load(file, "default", {"HOME": "/h"}, secrets=tmp_path / "none", any_token=True)
    assert config.remote.signed_out
