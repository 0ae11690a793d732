"""The image, built and run: read-only, without powers, smugsync as process 1. By `make soak`, as root."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from smugsync.config.sources import SECRETS
from tests.e2e.command import until
from tests.e2e.emulated import Emulated
from tests.service.machine import TREE, debian, do


def hindrance() -> str:
    """Why no image can be built here; "" if one can."""
    if os.geteuid():
        return "only root can build an image and run it in a directory"
    lacking = [tool for tool in ("debootstrap", "buildah", "systemd-nspawn") if shutil.which(tool) is None]
    return f"not installed: {', '.join(lacking)}" if lacking else ""


pytestmark = [pytest.mark.soak, pytest.mark.skipif(bool(hindrance()), reason=hindrance() or "-")]

#: What the Dockerfile's ENV says.
ENVIRON = {
    "PATH": "/opt/smugsync/bin:/usr/local/bin:/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "HOME": "/config",
    "TZDIR": "/opt/smugsync/zoneinfo",
    "SMUGSYNC_CONFIG": "/config/config.toml",
    "SMUGSYNC_STATE_DIR": "/config/state",
}


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulated]:
    with Emulated((), home=tmp_path_factory.mktemp("emulator")) as emulated:
        yield emulated


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The root of a container of the image, on a base of our own: no registry is asked."""
    place = tmp_path_factory.mktemp("image")
    (place / "base").mkdir()
    debian(place / "base")
    buildah = ("buildah", "--root", place / "storage", "--runroot", place / "run", "--storage-driver", "vfs")

    def ask(*words: str | Path) -> str:
        done = subprocess.run([*buildah, *words], check=True, capture_output=True, text=True, timeout=300)
        return done.stdout.strip()

    scratch = ask("from", "scratch")
    ask("add", scratch, place / "base", "/")
    ask("commit", "--rm", scratch, "localhost/base")
    do(
        *(*buildah, "bud", "--isolation", "chroot", "--format", "docker", "-t", "smugsync"),
        *("--volume", "/etc/ssl/certs:/etc/ssl/certs:ro", "--build-arg", "BASE=localhost/base"),
        *("--ignorefile", TREE / "config/docker/Dockerfile.dockerignore"),
        *("-f", TREE / "config/docker/Dockerfile", TREE),
        seconds=600,
    )
    container = ask("from", "localhost/smugsync")
    try:
        yield Path(ask("mount", container))
    finally:
        ask("umount", container)
        ask("rm", container)


class Container:
    """A container of the image, with /config and /data of its own, which belong to `owner` (UID:GID)."""

    def __init__(self, image: Path, place: Path, owner: str) -> None:
        self.image, self.place, self.owner = image, place, owner
        uid, gid = map(int, owner.split(":"))
        for name in ("config", "data"):
            (place / name).mkdir()
            os.chown(place / name, uid, gid)

    def command(self, *words: str, become: str = "", **environ: str) -> list[str]:
        """`docker run --read-only --tmpfs /tmp --user BECOME -e … IMAGE WORDS`."""
        pairs = {**ENVIRON, **environ}.items()
        uid, _, gid = become.partition(":")
        user = ["setpriv", "--reuid", uid, "--regid", gid, "--clear-groups", "--"] if become else []
        return [
            *("systemd-nspawn", "-q", "--register=no", "--keep-unit", "--read-only", "--pipe"),
            *("-D", str(self.image), "--tmpfs", "/tmp:mode=1777"),
            *("--bind", f"{self.place}/config:/config", "--bind", f"{self.place}/data:/data"),
            *(f"--setenv={name}={value}" for name, value in pairs),
            *(*user, "smugsync-entrypoint", *words),
        ]

    def run(self, *words: str, become: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*words, become=become, **environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def init(self, account: Emulated, **how: str) -> None:
        names = [*SECRETS, "api_url", "upload_url", "oauth_url"]
        words = [word for name in names for word in (f"--{name.replace('_', '-')}", account.ready[name])]
        done = self.run("init", "--no-input", "--mirror", "/data", *words, **how)
        assert done.returncode == 0, done.stdout + done.stderr

    def photos(self) -> list[Path]:
        found = (self.place / "data").rglob("*")
        return [path for path in found if path.is_file() and ".smugsync" not in path.parts]


def inner(process: subprocess.Popen[bytes]) -> int:
    """Process 1 of a container, as this machine knows it; 0 before it is there."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return int(children[0]) if children else 0


@pytest.mark.parametrize(
    ("owner", "how"),
    [
        ("568:568", {"PUID": "568", "PGID": "568"}),
        ("99:100", {"become": "99:100"}),
        ("123456:100", {"become": "123456:100"}),
    ],
    ids=["root that becomes 568", "unRAID's 99:100", "a user whom nobody knows"],
)
def test_a_container_mirrors_and_stops_as_it_should(
    image: Path, tmp_path: Path, account: Emulated, owner: str, how: dict[str, str]
) -> None:
    container = Container(image, tmp_path, owner)
    container.init(account, **how)
    line, quiet = container.command("run", **how), subprocess.DEVNULL
    with subprocess.Popen(line, stdin=quiet, stdout=quiet, stderr=quiet) as process:
        try:
            until(lambda: len(container.photos()) == len(account.md5s()), seconds=60)
            first = inner(process)
            status = Path(f"/proc/{first}/status").read_text()
            assert f"Uid:\t{owner.partition(':')[0]}\t" in status
            assert "CapEff:\t0000000000000000" in status
            assert Path(f"/proc/{first}/cmdline").read_bytes().split(b"\0")[1:3] == [
                b"/opt/smugsync/bin/smugsync",
                b"run",
            ], "it is process 1 itself"
            began = time.monotonic()
            os.kill(first, signal.SIGTERM)
            assert process.wait(10) == 143
            assert time.monotonic() - began < 5, "with the container's own end"
        finally:
            if process.poll() is None:
                process.terminate()
    everything = [*(tmp_path / "data").rglob("*"), *(tmp_path / "config").rglob("*")]
    assert {f"{path.lstat().st_uid}:{path.lstat().st_gid}" for path in everything} == {owner}
    assert {path.stat().st_mode & 0o777 for path in container.photos()} == {0o644}
    healthy = container.run("status", "--healthy", **how)
    assert (healthy.returncode, healthy.stdout.startswith("healthy: ")) == (0, True), healthy


def test_nothing_in_it_can_build_anything(image: Path) -> None:
    programs = {path.name for place in ("usr/bin", "opt/smugsync/bin") for path in (image / place).iterdir()}
    assert not {"gcc", "cc", "make", "hatchling", "pip", "pip3"} & programs
    assert not list((image / "src").glob("*") if (image / "src").exists() else [])


def test_it_knows_the_time_zones(image: Path) -> None:
    assert (image / "opt/smugsync/zoneinfo").is_symlink()
    zones = (image / "opt/smugsync/zoneinfo").readlink()
    assert (image / zones.relative_to("/") / "Europe/Madrid").is_file()
