"""`smugsync install-units`: print the units of systemd, or put them where it finds them."""

from __future__ import annotations

import os
import pwd
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from smugsync.cli.frame import Command
from smugsync.cli.invocation import Invocation
from smugsync.cli.units import needs
from smugsync.cli.units.dropin import personal_drop_in, system_drop_in
from smugsync.cli.units.needs import Needs
from smugsync.cli.units.placing import Placed, place, signed
from smugsync.cli.units.templates import SERVICES, Manager, units
from smugsync.config.listing import profiles as listed
from smugsync.config.places import config_file
from smugsync.config.writing import make_private_directory
from smugsync.errors import MirrorUnusable, UsageError
from smugsync.local.mounts import read_mounts

_BOOTED = Path("/run/systemd/system")  #: there if systemd runs this machine: sd_booted(3)
_FSTAB = Path("/etc/fstab")
_DROP_IN = "10-smugsync.conf"


class _Command(Command):
    """Here --profile may be repeated."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.params = [one for one in self.params if one.name != "profile"]


@click.command(cls=_Command)
@click.option("--user", "personal", is_flag=True, help="Services of your own, without root.")
@click.option(
    "--profile",
    "profiles",
    multiple=True,
    metavar="NAME",
    help="For this profile; may repeat. [default: all]",
)
@click.option("--as", "user", metavar="USER", help="Who is to run it. [default: whose configuration it is]")
@click.option("--print", "printed", is_flag=True, help="Only print what would be written, and where.")
@click.option(
    "--dir",
    "directory",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write into DIR instead, for a package or another machine.",
)
@click.option("--force", is_flag=True, help="Replace units that you changed; yours are kept as NAME.orig.")
@click.pass_obj
def install_units(
    invocation: Invocation,
    /,
    *,
    personal: bool,
    profiles: tuple[str, ...],
    user: str | None,
    printed: bool,
    directory: Path | None,
    force: bool,
) -> int:
    """Install services of systemd that fit the configuration: the daemon, and timers for those who would
    rather have a sync every night.

    Nothing is started; the commands for that are printed at the end. For each profile a drop-in says whose
    service it is, what it may write, and which disks it needs: call it again when paths in the configuration
    have changed. Your own changes belong into `systemctl edit`, and are never touched.
    """
    manager: Manager = "user" if personal else "system"
    _check(invocation, manager, user=user, printed=printed, directory=directory)
    command = needs.program(sys.argv[0])
    found = _needs(invocation, manager, profiles, user=user, command=command)
    target = directory.absolute() if directory is not None else _directory(manager, invocation)
    texts = _texts(manager, command, found)
    if printed:
        for name, text in texts.items():
            click.echo(f"# {target / name}\n{text}")
        for note in _notes(found):
            invocation.say(f"smugsync: note: {note}")
        return 0
    try:
        placed = place(target, texts, force=force)
        if directory is None:
            for need in found:
                _make_state(need)
    except OSError as error:
        raise MirrorUnusable(f"{error.filename or target}: cannot be written: {error.strerror}") from error
    _tell(invocation, placed, found, manager, elsewhere=directory is not None)
    return 3 if any(one.what == "kept" for one in placed) else 0


def _check(
    invocation: Invocation, manager: Manager, *, user: str | None, printed: bool, directory: Path | None
) -> None:
    """Whether this can be done here, by who we are."""
    if printed and directory is not None:
        raise UsageError("--print and --dir contradict each other: give one of them")
    if user is not None and manager == "user":
        raise UsageError("--as is for services of the system: leave it out with --user")
    if user is not None and needs.home_of(user) is None:
        try:
            pwd.getpwnam(user)
        except (KeyError, ValueError):
            raise UsageError(f'there is no user "{user}" on this machine') from None
    if printed or directory is not None:
        return
    if not _BOOTED.is_dir():
        raise UsageError(
            "systemd does not run this machine: use a scheduled job instead (docs/service.md), or write the "
            "units for another machine with --dir DIR"
        )
    if manager == "system" and os.geteuid():
        program = " ".join(map(shlex.quote, needs.program(sys.argv[0])))
        words = invocation.command("install-units").removeprefix("smugsync")
        raise UsageError(
            f"services of the system are installed by root: run `sudo {program}{words}`, or see --user and "
            "--print"
        )
    if manager == "user" and invocation.environ.get("SUDO_USER"):
        raise UsageError("services of your own are installed by yourself: run it without sudo")


def _needs(
    invocation: Invocation,
    manager: Manager,
    profiles: Sequence[str],
    *,
    user: str | None,
    command: Sequence[str],
) -> list[Needs]:
    if manager == "user":
        file = config_file(invocation.config_path, invocation.environ)
        wanted = _wanted(invocation, profiles, file)
        return [needs.personal(one, invocation.config_path, invocation.environ) for one in wanted]
    file = needs.system_config(invocation.config_path, invocation.environ)
    wanted = _wanted(invocation, profiles, file)
    found = [needs.of_system(one, file, user=user, command=command) for one in wanted]
    for one in found:
        needs.refuse_passing(one)
    return found


def _wanted(invocation: Invocation, profiles: Sequence[str], file: Path) -> tuple[str, ...]:
    if profiles:
        return tuple(dict.fromkeys(profiles))
    return (invocation.profile,) if invocation.chosen else listed(file, invocation.environ)


def _directory(manager: Manager, invocation: Invocation) -> Path:
    if manager == "system":
        return Path("/etc/systemd/system")
    base = Path(invocation.environ.get("XDG_CONFIG_HOME", ""))
    return (base if base.is_absolute() else Path.home() / ".config") / "systemd" / "user"


def _texts(manager: Manager, command: Sequence[str], found: Sequence[Needs]) -> dict[str, str]:
    """Name -> text of every file, drop-ins after the units."""
    tool = "systemctl" if manager == "system" else "systemctl --user"
    texts = {
        name: signed(text, f"Your own settings: `{tool} edit {name}`.")
        for name, text in units(manager, command).items()
    }
    points = _mount_points()
    for need in found:
        for service in SERVICES:
            text = personal_drop_in(need) if manager == "user" else system_drop_in(need, service, points)
            if text:
                instance = service.replace("@", f"@{need.profile}")
                texts[f"{instance}.d/{_DROP_IN}"] = signed(
                    text, f"Your own settings: `{tool} edit {instance}`."
                )
    return texts


def _mount_points() -> set[Path]:
    """What is mounted now, and what is to be at some time."""
    found = {Path(mount.point) for mount in read_mounts() if mount.driver != "autofs"}
    try:
        lines = _FSTAB.read_text("utf-8", errors="surrogateescape").splitlines()
    except OSError:
        lines = []
    fields = [line.split() for line in lines if not line.lstrip().startswith("#")]
    return found | {Path(_plain(one[1])) for one in fields if len(one) > 2 and one[1].startswith("/")}


def _plain(field: str) -> str:
    """fstab(5) writes blanks as octal numbers."""
    return field.replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\")


def _make_state(need: Needs) -> None:
    """The directory that a drop-in gives to the service has to be there."""
    if need.state_dir is None or need.state_dir.is_dir():
        return
    try:
        owner = pwd.getpwnam(need.user)
    except KeyError:
        return  # there is a note about it
    missing = [one for one in (need.state_dir, *need.state_dir.parents) if not os.path.lexists(one)]
    make_private_directory(need.state_dir)
    for one in missing:
        os.chown(one, owner.pw_uid, owner.pw_gid)


def _notes(found: Sequence[Needs]) -> list[str]:
    return list(dict.fromkeys(note for need in found for note in need.notes))


def _tell(
    invocation: Invocation,
    placed: Sequence[Placed],
    found: Sequence[Needs],
    manager: Manager,
    *,
    elsewhere: bool,
) -> None:
    for one in placed:
        if one.what == "kept":
            invocation.complain(f"{one.path}: was changed, or is not ours, and stays as it is: see --force")
        elif not invocation.quiet:
            click.echo(invocation.clean(f"{one.path}: {one.what}"))
    for note in _notes(found):
        invocation.say(f"smugsync: note: {note}")
    if invocation.quiet or elsewhere:
        return
    tool = "systemctl" if manager == "system" else "systemctl --user"
    daemons = " ".join(f"smugsync@{need.profile}" for need in found)
    timers = " ".join(f"smugsync-{job}@{need.profile}.timer" for job in ("sync", "verify") for need in found)
    click.echo("Now start the daemon:")
    click.echo(f"  {tool} daemon-reload && {tool} enable --now {daemons}")
    click.echo("or, in its place, a sync every night and a verification every week:")
    click.echo(f"  {tool} daemon-reload && {tool} enable --now {timers}")
    if manager == "user":
        click.echo("and let your services run while you are not logged in:")
        click.echo("  loginctl enable-linger")
