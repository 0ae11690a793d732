"""What a person can get wrong: the configuration, the command line, where the output goes.

Every test shares one mirrored account, and at the end of each nothing of it may be lost: no file, no
version, no row of the catalogue.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.command import Command

# -- configuration: 78 -----------------------------------------------------------------------------


def test_wrong_toml(mirrored: Command) -> None:
    mirrored.set('mirror = "/srv/photos')
    sentence = mirrored.refused("sync")
    assert sentence.startswith(f"{mirrored.config}, line 1, column ")
    assert "not valid TOML" in sentence


def test_unknown_key(mirrored: Command) -> None:
    mirrored.set('layuot = "names"')
    assert mirrored.refused("sync").endswith('unknown setting "layuot"; did you mean "layout"?')
    assert "layuot" in mirrored.refused("config", "check")


def test_every_problem_at_once(mirrored: Command) -> None:
    mirrored.set('layout = "fancy"\nreserve = "much"\ndownloads = 99')
    done = mirrored.run("sync")
    assert done.code == 78
    problems = done.err.splitlines()
    assert len(problems) == 3
    assert all(line.startswith(f"smugsync: error: {mirrored.config}: ") for line in problems)


def test_missing_secret(mirrored: Command) -> None:
    text = mirrored.config.read_text()
    mirrored.config.write_text(text.replace("\naccess_token = ", "\n# access_token = "))
    sentence = mirrored.refused("sync")
    assert "remote.access_token is missing" in sentence
    assert "SMUGSYNC_REMOTE__ACCESS_TOKEN" in sentence


def test_unreadable_secret_file(mirrored: Command) -> None:
    sentence = mirrored.refused("sync", SMUGSYNC_REMOTE__API_SECRET_FILE="/nonexistent/secret")
    assert "/nonexistent/secret: No such file or directory" in sentence
    shared = mirrored.root / "shared-secret"
    shared.write_text("a-secret-everybody-reads")
    shared.chmod(0o644)
    sentence = mirrored.refused("sync", SMUGSYNC_REMOTE__API_SECRET_FILE=str(shared))
    assert "can be read by others (mode 0644): chmod 600 it" in sentence
    assert "a-secret-everybody-reads" not in sentence


def test_mirror_that_is_a_file(mirrored: Command) -> None:
    sentence = mirrored.refused("sync", SMUGSYNC_MIRROR=str(mirrored.config))
    assert f"is {mirrored.config}, which is a file: name a directory" in sentence


def test_no_configuration(command: Command) -> None:
    sentence = command.refused("sync")
    assert (
        sentence
        == f'no configuration at {command.config}: run "smugsync init", or name another with --config'
    )
    assert not command.home.exists()


def test_ca_file_without_certificates(mirrored: Command) -> None:
    sentence = mirrored.refused("sync", SMUGSYNC_REMOTE__CA_FILE=str(mirrored.config))
    assert f"is {mirrored.config}, which holds no certificates in PEM form" in sentence


# -- the command line: 2 ---------------------------------------------------------------------------


def test_no_such_album(mirrored: Command) -> None:
    for command in ("sync", "plan", "ls"):
        sentence = mirrored.refused(command, "Rign Road", code=2)
        assert "there is no album 'Rign Road'" in sentence
        assert "did you mean 'Ring Road'" in sentence


def test_no_such_option(mirrored: Command) -> None:
    assert "--fulll" in mirrored.refused("sync", "--fulll", code=2)
    assert 'did you mean "sync"?' in mirrored.refused("synk", code=2)
    assert "contradict" in mirrored.refused("sync", "--full", "--delta", code=2)


# -- where the output goes -------------------------------------------------------------------------


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&- <&-"])
def test_closed_streams(mirrored: Command, closed: str) -> None:
    """Some cron and init programs close what they do not need."""
    done = mirrored.shell(f'"$SMUGSYNC" sync {closed}')
    assert (done.code, done.err) == (0, ""), done


def test_output_that_cannot_be_written(mirrored: Command) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this machine has no /dev/full")
    done = mirrored.shell('"$SMUGSYNC" ls >/dev/full')
    assert done.error(1) == "the standard output cannot be written: No space left on device"
    assert mirrored.shell('"$SMUGSYNC" ls | true').err == ""


def test_names_that_are_no_text(mirrored: Command) -> None:
    """An argument in an old encoding is an album that does not exist, nothing worse."""
    assert "there is no album" in mirrored.shell('"$SMUGSYNC" sync "$(printf \'K\\366ln\')"').error(2)
