"""The main job over real TCP: mirror an account, keep it current, and say so honestly."""

from __future__ import annotations

import json
import shutil
import stat
from typing import Any

import pytest

from tests.e2e.command import Command
from tests.e2e.conftest import Emulator
from tests.e2e.emulated import Emulated

#: What a script that reads `sync --json` may rely on.
SUMMARY = {
    "schema",
    "albums",
    "files_downloaded",
    "bytes_downloaded",
    "files_verified",
    "files_withheld",
    "files_failed",
    "requests",
    "seconds",
}


def counts(report: dict[str, Any]) -> dict[str, int]:
    found = report["counts"]
    assert isinstance(found, dict)
    return found


def test_first_mirror_then_quiet(calm: Emulated, command: Command) -> None:
    """Everything arrives and is proven; the second sync asks next to nothing and fetches nothing."""
    command.init(calm)
    assert stat.S_IMODE(command.config.stat().st_mode) == 0o600
    first = command.sync()
    assert first.keys() >= SUMMARY
    assert stat.S_IMODE(command.state.stat().st_mode) == 0o700
    assert [path.name for path in command.mirror.iterdir() if path.name.startswith(".")] == [".smugsync"]
    assert command.md5s() == calm.md5s()
    assert first["files_verified"] == len(calm.md5s())
    assert first["files_downloaded"] + first["files_shared"] == len(calm.md5s())
    sizes = {md5: (command.mirror / path).stat().st_size for path, md5 in command.files().items()}
    assert first["bytes_downloaded"] == sum(sizes.values())  # what sits in several albums came once
    assert (first["files_failed"], first["files_withheld"], first["complete"]) == (0, 0, True)
    asked = calm.counters()
    assert first["requests"] == asked["api_requests"] + asked["media_requests"]

    before = command.everything()
    calm.reset_counters()
    second = command.sync()
    asked = calm.counters()
    assert (second["files_downloaded"], second["bytes_downloaded"]) == (0, 0)
    assert asked["media_requests"] == 0
    assert asked["api_requests"] == second["requests"] <= 2
    before.pop("default/catalogue.db")  # which remembers the run
    assert {path: md5 for path, md5 in command.everything().items() if path in before} == before


def test_edits_online_become_a_delta(emulator: Emulator, command: Command) -> None:
    """A new photo, a replacement, a deletion, a renamed album: each is followed, nothing else is touched."""
    online = emulator()
    command.init(online)
    command.sync()
    before = command.files()
    ring, twins = online.album("Ring Road"), online.album("Twins")
    gone, replaced = online.photo("Ring Road", "DSC_4203.JPG"), online.photo("Ring Road", "DSC_4205.JPG")
    online.edit("add-photo", album=ring, file_name="DSC_9999.JPG", seed=99)
    online.edit("delete-photo", image=gone)
    online.edit("replace-photo", image=replaced, seed=100)

    planned = command.run("plan", "--json").json
    assert (planned["files_planned"], planned["files_downloaded"]) == (2, 0)
    assert command.files() == before

    online.edit("rename", album=twins, name="Doubles", url_name="Doubles")
    delta = command.sync()
    assert delta["files_downloaded"] == 2
    assert counts(delta) == {"new": 1, "replaced": 1, "gone": 1, "album_moved": 1}
    assert delta["albums_listed"] <= 3
    after = command.files()
    here = {path.removeprefix("Travel/Iceland-2019/Ring-Road/"): md5 for path, md5 in after.items()}
    assert here["DSC_9999.JPG"] in online.md5s()
    assert here["DSC_4205.JPG"] != before["Travel/Iceland-2019/Ring-Road/DSC_4205.JPG"]
    assert here["DSC_4203.JPG"] == before["Travel/Iceland-2019/Ring-Road/DSC_4203.JPG"], "archived, not lost"
    assert {path for path in after if path.startswith("Doubles/")} == {
        path.replace("Twins/", "Doubles/") for path in before if path.startswith("Twins/")
    }
    assert not (command.mirror / "Twins").exists()
    kept = [path for path in (command.mirror / ".smugsync" / "versions").rglob("*") if path.is_file()]
    assert [path.name.startswith("DSC_4205") for path in kept] == [True]
    gone_row = next(row for row in ls(command, "Ring Road") if row["path"].endswith("DSC_4203.JPG"))
    assert gone_row["state"] == "retired"
    assert command.sync()["files_downloaded"] == 0

    letter = online.photo("Letters", "page-1.jpg")  # nothing in its album has changed for long
    online.edit("edit-photo", image=letter, caption="A caption moves no album's time stamp")
    assert counts(command.sync()) == {}
    assert counts(command.sync("--full")) == {"details": 1}


def test_plan_of_a_renamed_album(emulator: Emulator, command: Command) -> None:
    """What only has to be moved is not to be fetched."""
    online = emulator()
    command.init(online)
    command.sync()
    online.edit("rename", album=online.album("Ring Road"), name="Route 1", url_name="Route-1")
    planned = command.run("plan", "--json").json
    assert counts(planned) == {"album_moved": 1}
    assert planned["files_planned"] == 0


def ls(command: Command, *arguments: str) -> list[dict[str, Any]]:
    listed = command.run("ls", "--json", *arguments)
    assert listed.code == 0, listed
    return [json.loads(line) for line in listed.out.splitlines()]


def test_plan_changes_nothing(calm: Emulated, command: Command) -> None:
    """Before the first sync, a plan is made on a copy: no catalogue, no lock, no file appears."""
    command.init(calm)
    before = command.everything()
    planned = command.run("plan")
    assert planned.code == 0, planned
    assert f"to fetch  {len(calm.md5s())} photos" in planned.out
    assert command.run("sync", "--dry-run", "--json").json["files_planned"] == len(calm.md5s())
    assert calm.counters()["media_requests"] == 0
    assert command.everything() == before


def test_status_and_ls(calm: Emulated, command: Command) -> None:
    command.init(calm)
    fresh = command.run("status")
    assert fresh.code == 0
    assert "Nothing was mirrored yet" in fresh.out
    command.sync()
    online = len(calm.md5s())
    status = command.run("status")
    assert f"{online}  mirrored and proven" in status.out
    assert "all good" in status.out
    facts = command.run("status", "--json").json
    assert (facts["nickname"], facts["files"], facts["albums"]) == ("demo", {"committed": online}, 11)
    albums = ls(command)
    assert sum(row["files"].get("committed", 0) for row in albums) == online
    assert {row["name"] for row in albums} >= {"Ring Road", "Twins", "Nothing yet"}
    files = ls(command, "twins")
    assert sorted(row["md5"] for row in files) == calm.md5s(["Twins"])
    assert {row["evidence"] for row in files} == {"promised"}
    assert "IMG_0001.JPG" in command.run("ls", "/Twins").out


def test_one_album(calm: Emulated, command: Command) -> None:
    """An album by its name in any case, by its address, by its key."""
    command.init(calm)
    assert command.sync("tWINS")["files_downloaded"] == 4
    assert command.sync("/Work/Drafts")["files_downloaded"] == 1
    assert command.sync(calm.album("Letters"))["files_downloaded"] == 2
    assert command.md5s() == calm.md5s(["Twins", "Drafts", "Letters"])


def test_config_commands(calm: Emulated, command: Command) -> None:
    command.init(calm)
    shown = command.run("config", "show")
    assert f'remote.api_url = "{calm.origin}"' in shown.out
    assert 'remote.api_secret = "***"' in shown.out
    assert command.run("config", "show", "--json").json["mirror"] == str(command.mirror)
    checked = command.run("config", "check")
    assert (checked.code, checked.out) == (0, f"ok: {command.config}, profile default\n")
    paths = dict(line.split(": ", 1) for line in command.run("config", "path").out.splitlines())
    assert paths["config"] == str(command.config)
    assert paths["catalogue"] == str(command.catalogue)


def test_quiet(calm: Emulated, command: Command) -> None:
    """Cron mails what is printed: nothing when all is well, the summary and the truth when it is not."""
    calm.fault(f"html403@/api/v2/album/{calm.album('Twins')}!images")
    command.init(calm)
    failed = command.run("sync", "--quiet")
    assert (failed.code, failed.out) == (3, "")
    assert "is NOT complete" in failed.err
    assert "  Twins: a web server in front of SmugMug refuses" in failed.err
    assert command.run("status", "--json").json["last_run"]["exit_code"] == 3
    calm.calm()
    good = command.run("sync", "--quiet")
    assert (good.code, good.out, good.err) == (0, "", "")
    assert command.md5s() == calm.md5s()
    assert command.run("--quiet", "sync").err == ""


def test_human_summary(calm: Emulated, command: Command) -> None:
    command.init(calm)
    done = command.run("sync")
    assert done.code == 0
    assert done.out.startswith(f"{command.mirror} is up to date, every file proven on arrival.\n")
    assert done.err == ""
    assert f"{len(calm.md5s())} verified" in done.out


@pytest.mark.parametrize("viewer", ["anonymous", "other"])
def test_other_viewers(emulator: Emulator, command: Command, viewer: str) -> None:
    """What a stranger may see is mirrored; what he may not is named, never taken for empty."""
    online = emulator("--viewer", viewer)
    strangers_secrets = (
        {} if viewer == "other" else dict.fromkeys(("access_token", "access_token_secret"), "")
    )
    done = command.init(online, "--user", "demo", **strangers_secrets)
    assert "not needed with --user" in done.err
    result = command.run("sync", "--json")
    report = result.json
    public = ["Ring Road", "Þingvellir & Geysir", "Activity Albums 活动影集", "Zoë's birthday 🎂", "Twins"]
    assert command.md5s() == online.md5s([*public, "Best of"])
    assert report["albums_unreadable"] >= 1
    names = {row["name"] for row in ls(command)}
    assert "Letters" not in names, "private"
    assert "Drafts" not in names, "unlisted"
    assert result.code == 0
    calm = command.sync()
    assert (calm["files_downloaded"], calm["albums_unreadable"]) == (0, report["albums_unreadable"])


def test_include_and_exclude(calm: Emulated, command: Command) -> None:
    command.init(calm)
    command.set('include = ["/Travel/", "/Twins"]\nexclude = ["*Activity*"]')
    command.sync()
    assert command.md5s() == calm.md5s(["Ring Road", "Þingvellir & Geysir", "Twins"])
    assert not (command.mirror / "Family").exists()


def test_names_layout(calm: Emulated, command: Command) -> None:
    command.init(calm)
    command.set('layout = "names"')
    command.sync()
    assert command.md5s() == calm.md5s()
    assert (command.mirror / "Travel" / "Iceland 2019" / "Þingvellir & Geysir" / "Öxarárfoss.jpg").is_file()
    assert (command.mirror / "Family" / "Zoë's birthday 🎂").is_dir()


def test_profiles(calm: Emulated, command: Command) -> None:
    """A second profile has its own mirror and catalogue, and leaves the first alone."""
    command.init(calm)
    command.sync()
    first = command.files()
    other = command.root / "second"
    command.init(calm, "--profile", "second", mirror=str(other))
    report = command.sync("--profile", "second", SMUGSYNC_INCLUDE="/Twins")
    assert report["files_downloaded"] == 4
    assert sorted(path.name for path in (other / "Twins").iterdir()) == sorted(
        path.removeprefix("Twins/") for path in first if path.startswith("Twins/")
    )
    assert command.files() == first
    assert (command.state.parent / "second" / "catalogue.db").exists()
    assert command.run("status", "--json", SMUGSYNC_PROFILE="second").json["profile"] == "second"


def test_environment_alone(calm: Emulated, command: Command) -> None:
    """A container has no configuration file: everything comes from its environment."""
    command.secrets = calm.secrets
    command.environ = {
        f"SMUGSYNC_REMOTE__{name.upper()}": value for name, value in calm.ready.items() if name != "nickname"
    }
    command.environ["SMUGSYNC_MIRROR"] = str(command.mirror)
    missing = command.run("sync").error(5)
    assert "smugsync init" in missing or "mounted" in missing
    done = command.run("init", "--no-input")
    assert done.code == 0, done
    assert command.sync()["files_failed"] == 0
    assert command.md5s() == calm.md5s()


def test_init_takes_over_a_folder(calm: Emulated, command: Command) -> None:
    """What another tool downloaded is taken over by its content; what is a person's own stays as it is."""
    command.init(calm)
    command.sync()
    command.config.unlink()
    for name in ("catalogue.db", "catalogue.db-wal", "catalogue.db-shm"):
        (command.state / name).unlink(missing_ok=True)
    for path in sorted((command.mirror / ".smugsync").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    (command.mirror / "notes.txt").write_text("mine")
    (command.mirror / "Twins" / "mine.jpg").write_bytes(b"mine too")
    before = command.files()
    calm.reset_counters()
    command.init(calm)
    report = command.sync()
    assert calm.counters()["media_requests"] == 0
    assert (report["files_downloaded"], report["files_adopted"]) == (0, len(calm.md5s()))
    assert command.files() == before
    assert command.sync()["files_local"] >= 1


def test_a_configuration_that_was_written_by_hand_gets_its_mirror(demo: Emulated, command: Command) -> None:
    command.init(demo)
    shutil.rmtree(command.mirror)
    command.mirror.mkdir()
    assert "smugsync init" in command.refused("sync", code=5)
    before = command.config.read_text()
    assert command.run("init", "--no-input").code == 0
    assert command.config.read_text() == before
    assert command.sync()["files_downloaded"] > 0


def test_a_mirror_whose_disk_is_not_mounted_is_not_made_again(demo: Emulated, command: Command) -> None:
    command.init(demo)
    command.sync()
    command.mirror.rename(command.mirror.with_name("elsewhere"))
    command.mirror.mkdir()
    assert "exists already" in command.refused("init", "--no-input", code=2)
    assert list(command.mirror.iterdir()) == []
