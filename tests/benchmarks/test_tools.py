from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from benchmarks.stage.tools import install

INSTALL = "apt-get install --yes --quiet --no-install-recommends"


class Commands:
    """Notes what is run; `fail` says how often each fails before it works."""

    def __init__(self, **fail: int) -> None:
        self.run, self._fail = list[str](), fail

    def __call__(self, command: Sequence[str]) -> bool:
        self.run.append(" ".join(command))
        self._fail[command[1]] = self._fail.get(command[1], 0) - 1
        return self._fail[command[1]] < 0


def having(*programs: str) -> Callable[[str], bool]:
    return lambda program: program in programs


def test_nothing_is_done_where_all_is_there() -> None:
    commands = Commands()
    assert install(having("nginx", "curl"), commands, root=True) == ""
    assert commands.run == []


def test_root_installs_what_is_missing_and_no_more() -> None:
    commands = Commands()
    assert install(having("nginx", "apt-get", "systemctl"), commands, root=True) == "Installed: curl."
    assert commands.run == [f"{INSTALL} curl"]


def test_a_list_of_packages_is_fetched_only_where_there_is_none() -> None:
    commands = Commands(install=1)
    assert install(having("apt-get"), commands, root=True) == "Installed: nginx and curl."
    assert commands.run == [f"{INSTALL} nginx curl", "apt-get update --quiet", f"{INSTALL} nginx curl"]


def test_the_server_that_the_package_starts_is_stopped() -> None:
    commands = Commands()
    install(having("curl", "apt-get", "systemctl"), commands, root=True)
    assert commands.run[-1] == "systemctl disable --now nginx"


@pytest.mark.parametrize(
    ("programs", "root", "hint"),
    [
        (("curl", "apt-get"), False, "as root, `apt-get install nginx` brings them"),
        (("curl",), True, "your package manager has them"),
    ],
)
def test_where_it_cannot_be_done_unasked_one_sentence_says_what_to_do(
    programs: tuple[str, ...], root: bool, hint: str
) -> None:
    commands = Commands()
    said = install(having(*programs), commands, root=root)
    assert said.startswith("Not installed: nginx. Scenarios that need them are skipped")
    assert hint in said
    assert commands.run == []


def test_an_installation_that_fails_stops_nothing() -> None:
    assert "failed here" in install(having("apt-get"), Commands(install=2), root=True)
    assert "failed here" in install(having("apt-get"), Commands(install=2, update=1), root=True)
