"""`status --healthy`: what counts as healthy, for whoever ends and restarts what does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from smugsync.catalogue import Catalogue
from smugsync.cli.healthy import DAY, Past, judge, past_of, told
from smugsync.cli.invocation import Invocation
from smugsync.config import Config
from smugsync.daemon.standing import Hindrance, Standing
from smugsync.errors import Busy
from tests.e2e.command import Command

NOW = 1_800_000_000.0
FRESH = Past(began=NOW - 90 * DAY, last_good=NOW - 600, exit_code=0)
OLD = Past(began=NOW - 90 * DAY, last_good=NOW - 4 * DAY, exit_code=75)
NEVER = Past()
NEEDS_SOMEBODY = ("unauthorised", "unmounted", "foreign", "full", "guarded", "misconfigured", "broken")


def held(cause: str, *, last_good: float | None = None) -> Standing:
    return Standing(
        "default", held=Hindrance(cause, f"it is {cause}", NOW - 60, NOW + 60), last_good=last_good
    )


@pytest.mark.parametrize(
    ("standing", "past", "ok", "says"),
    [
        (Standing("default", last_good=NOW - 60), FRESH, True, "at work"),
        (Standing("default", scope="everything"), NEVER, True, "no run was good yet"),
        (Standing("default", paused=True), FRESH, True, "paused"),
        (Standing("default", last_exit_code=3), OLD, True, "4 d ago"),
        (Standing("default", last_exit_code=5), FRESH, False, "a guard withheld something"),
        (held("offline"), FRESH, True, "it is offline"),
        (held("offline"), OLD, False, "4 d ago"),
        (held("busy"), FRESH, True, "it is busy"),
        *(
            (held(cause), FRESH, False, cause)
            for cause in ("unauthorised", "unmounted", "foreign", "full", "broken")
        ),
        (None, NEVER, True, "nothing was mirrored yet"),
        (None, FRESH, True, "no daemon runs; the last good run was 10 min ago"),
        (None, OLD, False, "no daemon runs; the last good run was 4 d ago"),
        (None, Past(began=NOW - 4 * DAY, exit_code=3), False, "no run was good yet"),
        (None, Past(began=NOW - 600, exit_code=75), True, "no run was good yet"),
        (None, Past(began=NOW - DAY, last_good=NOW - 600, exit_code=5), False, "a guard"),
        (None, Past(began=NOW - DAY, last_good=NOW - 600, exit_code=77), False, "not accepted"),
        (None, Past(began=NOW - DAY, last_good=NOW - 600, exit_code=78), False, "config check"),
    ],
)
def test_healthy_is_what_needs_nobody(standing: Standing | None, past: Past, ok: bool, says: str) -> None:
    health = judge(standing, past, now=NOW, stale_days=3)
    assert (health.ok, says in health.why) == (ok, True), health


def test_without_a_limit_nothing_grows_stale() -> None:
    assert judge(None, OLD, now=NOW, stale_days=0).ok


def test_the_daemon_s_own_last_good_run_counts_as_well() -> None:
    assert judge(held("offline", last_good=NOW - 60), OLD, now=NOW, stale_days=3).ok


def test_a_clock_that_went_back_is_no_trouble() -> None:
    assert judge(None, Past(began=NOW, last_good=NOW + 3600, exit_code=0), now=NOW, stale_days=3).ok


def test_only_runs_that_ask_the_service_tell_how_fresh_the_mirror_is(tmp_path: Path) -> None:
    catalogue = Catalogue.open(tmp_path / "catalogue.db")
    try:
        for at, scope, code in [
            (100, "everything", 0),
            (200, "delta", 75),
            (300, "verify --due", 0),
            (400, "undo 1", 0),
        ]:
            run = catalogue.begin_run(scope, at)
            catalogue.end_run(run, now=at + 10, exit_code=code, summary="")
        catalogue.begin_run("delta", 500)
        assert past_of(catalogue) == Past(began=100, last_good=110, exit_code=75)
    finally:
        catalogue.close()


# -- the line --------------------------------------------------------------------------------------


def set_up(tmp_path: Path, text: str) -> Invocation:
    file = tmp_path / "config.toml"
    file.write_text(text)
    file.chmod(0o600)
    return Invocation(environ={"HOME": str(tmp_path)}, config_path=file)


def account(mirror: Path) -> str:
    return (
        f'mirror = "{mirror}"\nremote.api_key = "k1234567"\nremote.api_secret = "s1234567"\n'
        'remote.access_token = "t1234567"\nremote.access_token_secret = "u1234567"\n'
    )


def nobody(config: Config) -> Standing | None:
    del config
    return None


@pytest.mark.usefixtures("restored_logging")
def test_a_container_that_waits_for_its_set_up_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    invocation = Invocation(environ={"HOME": str(tmp_path)}, config_path=tmp_path / "none.toml")
    assert told(invocation, ask=nobody) == 0
    assert "nothing is set up yet" in capsys.readouterr().out


@pytest.mark.usefixtures("restored_logging")
def test_a_container_that_waits_for_a_sign_in_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = f'mirror = "{tmp_path}/m"\nremote.api_key = "k1234567"\nremote.api_secret = "s1234567"\n'
    assert told(set_up(tmp_path, text), ask=nobody) == 0
    assert capsys.readouterr().out.startswith("healthy: nobody is signed in yet: run `smugsync auth login")


@pytest.mark.usefixtures("restored_logging")
@pytest.mark.parametrize("text", ["mirrorr = 1\n", "mirror = \n", "profile = 1\n"])
def test_a_configuration_that_cannot_be_used_is_not_healthy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    assert told(set_up(tmp_path, text), ask=nobody) == 1
    out = capsys.readouterr().out
    assert out.startswith("unhealthy: ")
    assert out.count("\n") == 1


@pytest.mark.usefixtures("restored_logging")
def test_a_daemon_that_does_not_answer_is_not_healthy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def silent(config: Config) -> Standing | None:
        raise Busy(f"the daemon of profile {config.profile} does not answer")

    assert told(set_up(tmp_path, account(tmp_path / "m")), ask=silent) == 1
    assert capsys.readouterr().out == "unhealthy: the daemon of profile default does not answer\n"


@pytest.mark.usefixtures("restored_logging")
def test_all_profiles_have_to_be_well_and_the_one_that_is_not_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    invocation = set_up(tmp_path, f'{account(tmp_path / "m")}[profile.work]\nmirror = "{tmp_path}/w"\n')

    def ask(config: Config) -> Standing | None:
        return held("unauthorised") if config.profile == "work" else Standing("default", last_good=NOW)

    assert told(invocation, ask=ask, now=NOW) == 1
    assert capsys.readouterr().out == "unhealthy: work: the daemon waits: it is unauthorised\n"
    assert invocation.profile == "default"


@pytest.mark.usefixtures("restored_logging")
def test_nobody_to_ask_and_nothing_done_is_healthy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told(set_up(tmp_path, account(tmp_path / "m"))) == 0
    assert capsys.readouterr().out == "healthy: nothing was mirrored yet, and no daemon runs\n"


def test_the_command_says_it_with_its_exit_code(command: Command) -> None:
    fresh = command.run("status", "--healthy")
    assert (fresh.code, fresh.err) == (0, "")
    assert fresh.out.startswith("healthy: nothing is set up yet")
    command.config.parent.mkdir(parents=True)
    command.config.write_text("mirror = 1\n")
    assert command.run("status", "--healthy").code == 1
