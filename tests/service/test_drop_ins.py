"""What a drop-in says for which configuration, in words that systemd reads."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from smugsync.cli.units import needs
from smugsync.cli.units.dropin import DAEMON, personal_drop_in, system_drop_in
from smugsync.cli.units.needs import Needs
from smugsync.cli.units.words import command_line, mount_unit, word
from smugsync.errors import ConfigError, UsageError
from tests.e2e.emulated import SMUGSYNC
from tests.service.reading import settings


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("/srv/photos", "/srv/photos"),
        ("/srv/my photos", '"/srv/my photos"'),
        ("/srv/100%", "/srv/100%%"),
        ('/srv/"x"', '"/srv/\\"x\\""'),
        ("/srv/back\\slash", '"/srv/back\\\\slash"'),
        ("/srv/Iñárritu", '"/srv/Iñárritu"'),
        ("/srv/a:b", '"/srv/a:b"'),
        ("", '""'),
    ],
)
def test_a_path_is_written_so_that_systemd_reads_it(text: str, written: str) -> None:
    assert word(text) == written


def test_a_line_break_cannot_bring_in_a_setting_of_its_own() -> None:
    with pytest.raises(UsageError, match="control characters"):
        word("/srv/photos\nExecStartPre=/bin/evil")


def test_a_dollar_sign_in_a_command_is_no_variable() -> None:
    assert command_line(["/opt/$HOME/smugsync", "run"]) == '"/opt/$$HOME/smugsync" run'


@pytest.mark.skipif(shutil.which("systemd-escape") is None, reason="systemd-escape is not installed")
@pytest.mark.parametrize(
    "path",
    ["/", "/mnt/disk", "/srv/my photos", "/mnt/a-b/c", "/.hidden/x", "/mnt/Iñárritu", "/a:b_c.d", "/volume1"],
)
def test_a_mount_is_called_as_systemd_calls_it(path: str) -> None:
    escaped = subprocess.run(
        ["systemd-escape", "--path", "--suffix=mount", path], capture_output=True, text=True, check=True
    )
    assert mount_unit(Path(path)) == escaped.stdout.strip()


def test_the_mirror_is_all_that_may_be_written_beside_the_state() -> None:
    found = settings(system_drop_in(Needs("default", "smugsync", late=(Path("/srv/photos"),)), DAEMON, []))
    assert found == {"User": ["smugsync"], "ReadWritePaths": ["-/srv/photos"]}


def test_the_daemon_starts_after_the_mirror_s_disk_and_also_without_it() -> None:
    text = system_drop_in(
        Needs("default", "x", late=(Path("/mnt/usb/photos"),)), DAEMON, [Path("/mnt/usb"), Path("/")]
    )
    assert settings(text, "Unit") == {"Wants": ["mnt-usb.mount"], "After": ["mnt-usb.mount"]}


def test_a_job_needs_the_mirror_s_disk() -> None:
    need = Needs("default", "x", late=(Path("/mnt/usb/photos"),))
    text = system_drop_in(need, "smugsync-sync@.service", [Path("/mnt/usb")])
    assert settings(text, "Unit") == {"RequiresMountsFor": ["/mnt/usb/photos"]}


def test_nothing_of_a_home_is_seen_but_what_is_needed() -> None:
    home = Path("/home/anna")
    need = Needs(
        "default",
        "anna",
        late=(home / "My Photos",),
        state_dir=home / ".local/state/smugsync/default",
        read=(home / ".config/smugsync", home / "venv", home / "venv/bin", Path("/usr/bin")),
    )
    found = settings(system_drop_in(need, DAEMON, []))
    assert found["ProtectHome"] == ["tmpfs"]
    assert [shlex.split(one) for one in found["BindPaths"]] == [
        ["-/home/anna/My Photos", "/home/anna/.local/state/smugsync/default"]
    ]
    assert found["BindReadOnlyPaths"] == ["-/home/anna/.config/smugsync -/home/anna/venv"]
    assert found["StateDirectory"] == [""]


def test_what_is_missing_keeps_no_service_from_starting() -> None:
    """But its state, which `install-units` makes: systemd would only say 226/NAMESPACE."""
    need = Needs("default", "x", late=(Path("/a"),), written=(Path("/home/x/b"),), read=(Path("/home/x/c"),))
    found = settings(system_drop_in(need, DAEMON, []))
    paths = [path for name, values in found.items() if name.endswith("Paths") for path in values[0].split()]
    assert len(paths) == 4
    assert all(path.startswith("-") for path in paths)


def test_a_disk_that_is_mounted_in_a_home_may_come_later() -> None:
    """What is bound has to be there when the service starts: the mount point is, the mirror on it is not."""
    home = Path("/home/anna")
    need = Needs("default", "anna", late=(home / "disk/photos",))
    found = settings(system_drop_in(need, DAEMON, [home / "disk", Path("/home")]))
    assert found["BindReadOnlyPaths"] == ["-/home/anna/disk"]
    assert found["ReadWritePaths"] == ["-/home/anna/disk/photos"]


def test_a_link_into_a_home_is_followed(tmp_path: Path) -> None:
    link = tmp_path / "photos"
    link.symlink_to("/home/anna/Photos")
    found = settings(system_drop_in(Needs("default", "anna", late=(link,)), DAEMON, []))
    assert found["BindPaths"] == ["-/home/anna/Photos"]
    assert found["ReadWritePaths"] == [f"-{link} -/home/anna/Photos"]


def test_a_user_s_own_service_needs_no_drop_in_for_the_usual_places() -> None:
    assert personal_drop_in(Needs("default", "anna")) == ""


def test_every_folder_that_a_configuration_names_is_within_reach(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(
        'mirror = "/srv/photos"\nnotify.command = ["/home/anna/tell", "me"]\n'
        'status.textfile = "/var/lib/node/x.prom"\n'
        'upload.routes = [{ folder = "/srv/drop", album = "/Inbox" }]\n'
        '[remote]\napi_key = "k1234567"\napi_secret_file = "secrets/one"\n'
    )
    file.chmod(0o600)
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/one").write_text("s1234567")
    (tmp_path / "secrets/one").chmod(0o600)
    need = needs.of_system("default", file, user="root", command=("/usr/bin/smugsync",))
    assert need.late == (Path("/srv/photos"), Path("/srv/drop"))
    assert need.written == (Path("/var/lib/node"),)
    assert {Path("/home/anna/tell"), tmp_path, tmp_path / "secrets/one"} <= set(need.read)
    assert need.environment == {"SMUGSYNC_CONFIG": str(file)}
    assert need.state_dir is None
    assert any("root" in note for note in need.notes)


def test_the_files_of_all_secrets_are_within_reach(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    files = {
        "remote": ("api_key", "api_secret"),
        "notify": ("ping", "ntfy", "ntfy_token"),
        "status": ("token",),
    }
    lines = ['mirror = "/srv/photos"']
    for table, names in files.items():
        lines += [f"[{table}]", *(f'{name}_file = "/srv/secrets/{name}"' for name in names)]
    file.write_text("\n".join(lines))
    need = needs.of_system("default", file, user="root", command=("/usr/bin/smugsync",))
    assert {Path("/srv/secrets") / name for names in files.values() for name in names} <= set(need.read)


def test_credentials_may_come_later_and_from_elsewhere(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('mirror = "/srv/photos"\n[status]\nlisten = "0.0.0.0:8765"\n')
    need = needs.of_system("default", file, user="root", command=("/usr/bin/smugsync",))
    assert any("/etc/credstore/smugsync.default.api_key" in note for note in need.notes)


def test_a_user_who_could_not_read_or_write_is_told_before(tmp_path: Path) -> None:
    file, mirror = tmp_path / "config.toml", tmp_path / "photos"
    file.write_text(f'mirror = "{mirror}"\n[remote]\napi_key = "k1234567"\napi_secret = "s1234567"\n')
    file.chmod(0o600)
    mirror.mkdir(mode=0o755)
    closed = tmp_path / "bin"
    closed.mkdir(mode=0o700)
    need = needs.of_system("default", file, user="nobody", command=(str(closed / "smugsync"),))
    assert any("cannot be read by nobody" in note for note in need.notes)
    assert any("cannot be written by nobody" in note for note in need.notes)
    assert any(f"needs {closed}, which nobody cannot look into" in note for note in need.notes)


def test_a_user_that_is_to_be_made_is_told_how(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('mirror = "/srv/photos"\n')
    need = needs.of_system("default", file, user="smugsync-of-nobody", command=("/usr/bin/smugsync",))
    assert any("useradd --system" in note for note in need.notes)


def test_what_else_is_wrong_with_a_configuration_is_told(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('mirror = "photos"\n')
    with pytest.raises(ConfigError, match="must be an absolute path"):
        needs.of_system("default", file, user="root", command=("/usr/bin/smugsync",))


@pytest.mark.parametrize("place", ["/tmp/photos", "/var/tmp/photos"])
def test_what_passes_with_the_service_is_no_place_for_photos(place: str) -> None:
    with pytest.raises(UsageError, match="tmp, of which a service has one of its own"):
        needs.refuse_passing(Needs("default", "x", late=(Path(place),)))


def test_a_command_that_was_run_as_a_module_is_started_as_one() -> None:
    assert needs.program("/usr/lib/python3/smugsync/__main__.py")[1:] == ("-m", "smugsync")
    assert needs.program(str(SMUGSYNC)) == (str(SMUGSYNC),)
