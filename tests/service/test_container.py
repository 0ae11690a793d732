"""The image's entrypoint, run as the image would run it, and what the image is made of."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.e2e.command import until

TREE = Path(__file__).parents[2]
DOCKER = TREE / "config" / "docker"
ENTRYPOINT = DOCKER / "entrypoint.sh"

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


STUB = """#!/bin/sh
echo "$(id -u):$(id -g) groups=$(id -G) umask=$(umask) pid=$$ args=$*"
env
"""


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory that every user can get into; those of pytest belong to who runs it."""
    with tempfile.TemporaryDirectory(prefix="smugsync-image-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def image(place: Path) -> Mapping[str, str]:
    """The environment of a container whose `smugsync` only tells as whom, and with what, it was called."""
    (place / "bin").mkdir()
    (place / "bin" / "smugsync").write_text(STUB)
    (place / "bin" / "smugsync").chmod(0o755)
    config = place / "config.toml"
    config.write_text('mirror = "/srv/photos"\n')
    return {
        "PATH": f"{place}/bin:/usr/bin:/bin:/usr/sbin",
        "SMUGSYNC_CONFIG": str(config),
        "TZDIR": "/usr/share/zoneinfo",
    }


@pytest.fixture
def script(place: Path) -> Path:
    """The entrypoint where every user can read it, as in the image."""
    copy = place / "smugsync-entrypoint"
    shutil.copy(ENTRYPOINT, copy)
    copy.chmod(0o755)
    return copy


def run(
    script: Path, image: Mapping[str, str], *arguments: str, user: str = "", **environ: str
) -> tuple[int, str]:
    """What `docker run --user USER -e … IMAGE ARGUMENTS` would do; the exit code, and all that is said."""
    become: list[str] = []
    if user:
        uid, _, gid = user.partition(":")
        become = ["setpriv", "--reuid", uid, "--regid", gid or "0", "--clear-groups", "--"]
    done = subprocess.run(
        [*become, script, *arguments],
        env={**image, **environ},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
        cwd="/",
    )
    return done.returncode, done.stdout + done.stderr


@root_only
@pytest.mark.parametrize(
    ("asked", "became"),
    [
        ({}, "1000:1000"),
        ({"PUID": "568", "PGID": "568"}, "568:568"),
        ({"PUID": "99", "PGID": "100"}, "99:100"),
        ({"PUID": "1026", "PGID": "100"}, "1026:100"),
        ({"PUID": "4242"}, "4242:4242"),
    ],
)
def test_root_becomes_whom_it_was_told(
    script: Path, image: Mapping[str, str], asked: dict[str, str], became: str
) -> None:
    code, out = run(script, image, "run", **asked)
    assert code == 0, out
    assert f"{became} groups={became.partition(':')[2]} umask=0022" in out
    assert "args=run" in out


@root_only
def test_in_a_container_of_root_s_the_health_is_asked_for_as_whom_it_became(
    script: Path, image: Mapping[str, str]
) -> None:
    """Without the power to pass over modes, root itself cannot read the configuration."""
    final = (DOCKER / "Dockerfile").read_text().rpartition("\nFROM ")[2]
    words = re.search(r'^HEALTHCHECK .*CMD \["smugsync-entrypoint", (.+)\]$', final, re.MULTILINE)
    assert words is not None
    code, out = run(script, image, *re.findall(r'"(.+?)"', words[1]), PUID="568", PGID="100")
    assert code == 0, out
    assert out.startswith("568:100 ")
    assert "args=status --healthy" in out


@root_only
@pytest.mark.parametrize("user", ["568:568", "99:100", "12345:0", "65534:65534"])
def test_any_user_will_do(script: Path, image: Mapping[str, str], user: str) -> None:
    code, out = run(script, image, "sync", "--full", user=user)
    assert code == 0, out
    assert f"{user} groups=" in out
    assert "args=sync --full" in out


@root_only
def test_a_wish_that_cannot_be_granted_is_not_ignored(script: Path, image: Mapping[str, str]) -> None:
    code, out = run(script, image, "run", user="1000:1000", PUID="99", PGID="100")
    assert code == 78
    assert "start it with --user 99:100, or as root" in out
    assert out.count("\n") == 1


@root_only
def test_the_same_wish_twice_is_no_contradiction(script: Path, image: Mapping[str, str]) -> None:
    code, out = run(script, image, "run", user="99:100", PUID="99", PGID="100")
    assert (code, "99:100 groups=" in out) == (0, True), out


@root_only
def test_nothing_is_left_of_root_s_powers(script: Path, image: Mapping[str, str], place: Path) -> None:
    stub = place / "bin" / "smugsync"
    stub.write_text("#!/bin/sh\ngrep -E '^(CapEff|CapPrm|CapInh|NoNewPrivs)' /proc/self/status\n")
    code, out = run(script, image, "run", PUID="568", PGID="568")
    assert code == 0, out
    assert re.findall(r"Cap\w+:\s+(\w+)", out) == ["0" * 16] * 3
    assert "NoNewPrivs:\t1" in out


@root_only
def test_two_powers_are_all_that_root_needs_to_become_somebody(
    script: Path, image: Mapping[str, str]
) -> None:
    """`--user 0:0 --cap-drop ALL --cap-add SETUID --cap-add SETGID`"""
    few: list[str | Path] = ["setpriv", "--bounding-set", "-all,+setuid,+setgid", "--", script, "run"]
    done = subprocess.run(
        few, env={**image, "PUID": "568"}, capture_output=True, text=True, timeout=20, check=False
    )
    assert "568:568 groups=568" in done.stdout, done.stderr


@root_only
def test_photos_are_given_to_nobody(script: Path, image: Mapping[str, str], place: Path) -> None:
    photo = place / "photo.jpg"
    photo.touch()
    os.chown(photo, 77, 77)
    before = photo.stat()
    assert run(script, image, "run", PUID="568", PGID="568")[0] == 0
    assert photo.stat() == before
    assert "chown" not in ENTRYPOINT.read_text()


@root_only
def test_photos_do_not_become_root_s_by_mistake(script: Path, image: Mapping[str, str]) -> None:
    code, out = run(script, image, "run", PUID="0")
    assert code == 78
    assert "should not belong to root" in out
    assert "0:0 groups=" in run(script, image, "run", PUID="0", PGID="0", ALLOW_ROOT="yes")[1]


@root_only
def test_a_read_only_root_will_do(script: Path, image: Mapping[str, str]) -> None:
    """Nothing is written but in /config, /data and /tmp."""
    if subprocess.run(["unshare", "-m", "true"], check=False, capture_output=True).returncode:
        pytest.skip("this kernel gives no mount namespaces")
    line = 'mount -o remount,bind,ro / 2>/dev/null || exit 99; exec "$0" run'
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", line, script],
        env={**image, "PUID": "568", "PGID": "568"},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    if done.returncode == 99:
        pytest.skip("the root of this machine cannot be made read-only")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "568:568 groups=568" in done.stdout


@pytest.mark.parametrize(("mask", "seen"), [("002", "0002"), ("077", "0077"), ("0027", "0027")])
def test_the_umask_is_honoured(script: Path, image: Mapping[str, str], mask: str, seen: str) -> None:
    assert f"umask={seen}" in run(script, image, "run", UMASK=mask)[1]


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({"UMASK": "9"}, 'UMASK is "9"'),
        ({"UMASK": "22"}, 'UMASK is "22"'),
        ({"PUID": "anna"}, 'PUID is "anna"'),
        ({"PGID": "-1"}, 'PGID is "-1"'),
        ({"PUID": "1;id"}, 'PUID is "1;id"'),
        ({"TZ": "Europe/Madird"}, "no known time zone"),
    ],
)
def test_what_cannot_be_meant_is_one_sentence(
    script: Path, image: Mapping[str, str], environ: dict[str, str], says: str
) -> None:
    code, out = run(script, image, "run", **environ)
    assert (code, out.count("\n")) == (78, 1), out
    assert out.startswith("smugsync: error: ")
    assert says in out


@pytest.mark.parametrize("zone", ["Europe/Madrid", "UTC", "CET-1CEST", ""])
def test_a_time_zone_is_taken_as_the_system_takes_it(
    script: Path, image: Mapping[str, str], zone: str
) -> None:
    if not Path("/usr/share/zoneinfo/Europe/Madrid").exists():
        pytest.skip("there are no time zones on this machine")
    assert run(script, image, "run", TZ=zone)[0] == 0


@pytest.mark.parametrize("words", [("sync", "-q"), ("smugsync", "sync", "-q")])
def test_the_command_may_be_named_or_not(
    script: Path, image: Mapping[str, str], words: tuple[str, ...]
) -> None:
    assert "args=sync -q\n" in run(script, image, *words)[1]


def test_it_leaves_no_variable_of_its_own_behind(script: Path, image: Mapping[str, str]) -> None:
    assert "SMUGSYNC_DROPPED" not in run(script, image, "run")[1]


def test_a_container_without_its_volumes_is_warned(script: Path, image: Mapping[str, str]) -> None:
    out = run(script, image, "run")[1]
    assert "nothing is mounted at /config" in out
    assert "nothing is mounted at /config" not in run(script, image, "status")[1]


def start(script: Path, image: Mapping[str, str], **environ: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [script, "run"],
        env={**image, **environ},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_the_command_takes_the_place_of_the_script_so_that_signals_reach_it(
    script: Path, image: Mapping[str, str]
) -> None:
    process = start(script, image)
    out, _ = process.communicate(timeout=20)
    assert f"pid={process.pid} " in out


def test_a_container_that_nobody_has_set_up_waits_for_it(
    script: Path, image: Mapping[str, str], place: Path
) -> None:
    config = place / "later.toml"
    with start(script, image, SMUGSYNC_CONFIG=str(config)) as process:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        assert any("nothing is set up yet" in line for line in lines)
        assert process.poll() is None
        config.write_text("")
        assert any("args=run" in line for line in lines)
        process.stdout.read()
    assert process.returncode == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_waiting_ends_at_once(
    script: Path, image: Mapping[str, str], place: Path, number: signal.Signals, code: int
) -> None:
    with start(script, image, SMUGSYNC_CONFIG=str(place / "never.toml")) as process:
        assert process.stdout is not None
        assert any("nothing is set up yet" in line for line in iter(process.stdout.readline, ""))
        # The trap is set right after that line.
        until(lambda: (Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()) != "")
        process.send_signal(number)
        assert process.wait(10) == code


@pytest.mark.parametrize("name", ["SMUGSYNC_REMOTE__API_KEY", "SMUGMUG_API_KEY"])
def test_a_set_up_by_the_environment_alone_waits_for_no_file(
    script: Path, image: Mapping[str, str], place: Path, name: str
) -> None:
    code, out = run(script, image, "run", SMUGSYNC_CONFIG=str(place / "never.toml"), **{name: "k"})
    assert (code, "args=run" in out) == (0, True), out


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")
def test_the_script_has_no_trap_that_is_known() -> None:
    done = subprocess.run(["shellcheck", ENTRYPOINT], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


# -- what it is made of ----------------------------------------------------------------------------


def pins(path: Path) -> dict[str, set[str]]:
    """`name==version` -> its hashes."""
    found: dict[str, set[str]] = {}
    for line in path.read_text().splitlines():
        if "==" in line and not line.startswith((" ", "#")):
            found[line.split()[0]] = set()
        elif "--hash=" in line:
            found[list(found)[-1]].add(line.split("--hash=")[1].split()[0])
    return found


def test_the_image_is_made_of_what_the_tests_ran_with() -> None:
    locked, used = pins(TREE / "requirements.lock"), pins(DOCKER / "requirements.txt")
    assert used
    for requirement, hashes in used.items():
        assert hashes
        assert locked.get(requirement) == hashes, requirement


def test_every_requirement_of_the_package_is_in_the_image() -> None:
    wanted = tomllib.loads((TREE / "pyproject.toml").read_text())["project"]["dependencies"]
    names = {re.split(r"[<>=;\[ ]", line, maxsplit=1)[0] for line in wanted}
    assert names <= {requirement.partition("==")[0] for requirement in pins(DOCKER / "requirements.txt")}


@pytest.mark.skipif(shutil.which("hadolint") is None, reason="hadolint is not installed")
def test_the_dockerfile_has_no_trap_that_is_known() -> None:
    done = subprocess.run(["hadolint", DOCKER / "Dockerfile"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_image_runs_as_nobody_in_particular_and_tells_its_health() -> None:
    text = (DOCKER / "Dockerfile").read_text()
    final = text[text.rindex("\nFROM ") :]
    assert re.search(r"^USER (?!0)\d+:\d+$", final, re.MULTILINE)
    assert 'CMD ["smugsync-entrypoint", "status", "--healthy"]' in final
    assert 'ENTRYPOINT ["smugsync-entrypoint"]' in final
    assert "pip install" not in final
    assert not re.search(r"^VOLUME", final, re.MULTILINE)


def test_nothing_of_a_checkout_gets_into_the_image_by_accident() -> None:
    lines = (DOCKER / "Dockerfile.dockerignore").read_text().splitlines()
    dockerfile = (DOCKER / "Dockerfile").read_text()
    copied = re.findall(r"^COPY (?!--from)(?:--\S+ )?(.+) \S+$", dockerfile, re.MULTILINE)
    let_in = {one.removeprefix("!") for one in lines if one.startswith("!")}
    assert lines[1] == "*"
    assert {name for line in copied for name in line.split()} == let_in


def pasted() -> list[Path]:
    """But for unRAID, which has a template."""
    return [
        DOCKER / "compose.yaml",
        *(TREE / f"docs/nas/{nas}.md" for nas in ("synology", "truenas", "qnap")),
    ]


@pytest.mark.parametrize("path", pasted(), ids=lambda path: path.name)
def test_what_people_paste_runs_the_container_as_it_was_tried(path: Path) -> None:
    text = path.read_text()
    blocks = [text] if path.suffix == ".yaml" else re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert blocks
    yaml = pytest.importorskip("yaml")
    for block in blocks:
        service = yaml.safe_load(block)["services"]["smugsync"]
        assert service["read_only"] is True
        assert service["pull_policy"] == "never", "it is on no registry: a name there is somebody else's"
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert re.fullmatch(r"[1-9]\d*:[1-9]\d*|\$\{PUID:-1000\}:\$\{PGID:-1000\}", service["user"])
        assert [volume.rpartition(":")[2] for volume in service["volumes"]] == ["/config", "/data"]
        assert [mount.partition(":")[0] for mount in service["tmpfs"]] == ["/tmp"]
        assert service["restart"] == "unless-stopped"


def test_the_template_of_unraid_runs_the_container_as_it_was_tried() -> None:
    root = ElementTree.parse(TREE / "config/nas/unraid/smugsync.xml").getroot()
    extra = (root.findtext("ExtraParams") or "").split()
    assert {"99:100", "--read-only", "ALL", "no-new-privileges"} <= set(extra)
    assert [one.get("Target") for one in root.findall("Config")] == ["/config", "/data", "UMASK", "TZ"]
    assert root.findtext("Privileged") == "false"
