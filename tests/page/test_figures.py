"""The figures, read by an independent parser, and the file they are written to."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from smugsync.notify.events import RunEnded
from smugsync.page import counters
from smugsync.page.counters import Counters
from smugsync.page.exposition import Family, exposed
from smugsync.page.facts import Facts, Subject
from smugsync.page.figures import figures
from smugsync.page.looking import Look
from smugsync.page.textfile import Recorder, textfile_of
from smugsync.sync.report import Report
from tests.notify.samples import began, ended, held
from tests.page import account
from tests.page.account import GUARDED, NOW, standing
from tests.page.asking import application, text

RULES = Path(__file__).parents[2] / "config" / "monitoring"
promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")


def samples(exposition: str) -> dict[str, float]:
    """`name{label=value,…}` of every sample, as Prometheus' own parser reads it."""
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(exposition):
        for sample in family.samples:
            labels = ",".join(f"{key}={value}" for key, value in sample.labels.items())
            assert f"{sample.name}{{{labels}}}" not in found
            found[f"{sample.name}{{{labels}}}"] = sample.value
    return found


def test_the_sums_of_an_account(subject: Subject) -> None:
    found = samples(text(application(subject), "/metrics"))
    who = "profile=default"
    assert found[f"smugsync_items{{{who},state=verified}}"] == 427
    assert found[f"smugsync_items{{{who},state=quarantined}}"] == 1
    assert found[f"smugsync_items{{{who},state=gone_online}}"] == 40
    assert found[f"smugsync_items{{{who},state=sending}}"] == 0
    assert found[f"smugsync_bytes{{{who},side=local}}"] == 467 * 8_000_000
    assert found[f"smugsync_bytes{{{who},side=remote}}"] == 440 * 8_000_000
    assert found[f"smugsync_albums{{{who}}}"] == 11
    assert found[f"smugsync_damaged_items{{{who}}}"] == 1
    assert found[f"smugsync_last_success_timestamp_seconds{{{who}}}"] == NOW - 497
    assert found[f"smugsync_verify_oldest_timestamp_seconds{{{who}}}"] == NOW - 20 * 86_400
    assert found[f"smugsync_disk_free_bytes{{{who}}}"] > 0
    assert found[f"smugsync_held{{{who}}}"] == 0


def test_runs_are_counted_across_restarts(tmp_path: Path) -> None:
    subject = account.subject(tmp_path)
    for code in (0, 0, 3, 77, 143):
        Recorder(Look(subject), standing)(ended(code))
    found = samples(text(application(subject), "/metrics"))
    results = ("good", "incomplete", "guarded", "interrupted", "failed")
    counted = [found[f"smugsync_runs_total{{profile=default,result={one}}}"] for one in results]
    assert counted == [2, 1, 0, 1, 1]
    assert found["smugsync_downloaded_bytes_total{profile=default}"] == 3_500
    assert found["smugsync_last_run_exit_code{profile=default}"] == 143
    assert found["smugsync_last_run_duration_seconds{profile=default}"] == 1.5


def test_several_profiles_share_one_text(tmp_path: Path) -> None:
    subjects = [account.subject(tmp_path, name) for name in ("default", "studio")]
    account.fill(subjects[1])
    app = application(*subjects, standings=[standing("default", held=GUARDED), standing("studio")])
    found = samples(text(app, "/metrics"))
    assert found["smugsync_held{profile=default}"] == 1
    assert found["smugsync_albums{profile=studio}"] == 11
    assert "smugsync_albums{profile=default}" not in found  # nothing is known of it


def test_no_name_of_a_file_or_an_album_is_a_label(subject: Subject) -> None:
    exposition = text(application(subject), "/metrics")
    assert "Iceland" not in exposition
    assert "DSC" not in exposition
    assert "dana" not in exposition


def test_a_catalogue_that_cannot_be_read_is_a_figure(subject: Subject) -> None:
    subject.catalogue.write_bytes(b"nonsense" * 500)
    assert (
        samples(text(application(subject), "/metrics"))["smugsync_catalogue_readable{profile=default}"] == 0
    )


def test_a_disk_that_is_not_there_has_no_figure(subject: Subject) -> None:
    subject.mirror.rmdir()
    assert "disk_free" not in text(application(subject), "/metrics")


def test_values_and_labels_are_written_as_the_format_wants() -> None:
    family = Family("x_total", "counter", "back\\slash and\nline")
    for value in (1e15, 0.1, float("inf"), float("nan"), -3):
        family.add(value, name=f'quo"te\\ {value}\n')
    found = [
        one.samples for one in text_string_to_metric_families(exposed([family, Family("y", "gauge", "")]))
    ]
    assert [sample.value for sample in found[0]][:3] == [1e15, 0.1, float("inf")]
    assert found[0][0].labels == {"name": 'quo"te\\ 1000000000000000.0\n'}
    assert len(found) == 1


@promtool
def test_promtool_finds_nothing_to_criticise(subject: Subject) -> None:
    exposition = text(application(subject), "/metrics")
    done = subprocess.run(
        ["promtool", "check", "metrics"],
        input=exposition,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@promtool
@pytest.mark.parametrize(
    "command", [["check", "rules", "smugsync.rules.yml"], ["test", "rules", "smugsync.test.yml"]]
)
def test_the_alert_rules_say_what_they_should(command: list[str]) -> None:
    done = subprocess.run(
        ["promtool", *command], cwd=RULES, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_alert_rules_use_figures_that_exist(subject: Subject) -> None:
    exposition = text(application(subject), "/metrics")
    names = set(re.findall(r"\bsmugsync_\w+", (RULES / "smugsync.rules.yml").read_text()))
    assert names
    assert [one for one in names if f"\n{one}{{" not in exposition] == []


# -- the file ----------------------------------------------------------------------------------------


def recorder(subject: Subject, target: Path) -> Recorder:
    return Recorder(Look(subject), lambda: standing(subject.profile), textfile=target)


def test_the_file_holds_what_is_served(subject: Subject, tmp_path: Path) -> None:
    recorder(subject, tmp_path / "smugsync.prom")(held())
    written, served = (
        samples((tmp_path / "smugsync.prom").read_text()),
        samples(text(application(subject), "/metrics")),
    )
    free = "smugsync_disk_free_bytes{profile=default}"  # which changes while we look
    assert (written | {free: 0}) == (served | {free: 0})


def test_it_never_says_that_a_run_is_under_way(subject: Subject, tmp_path: Path) -> None:
    target = tmp_path / "smugsync.prom"
    busy = Recorder(Look(subject), lambda: standing(scope="delta"), textfile=target)
    busy(began())
    assert not target.exists()
    busy(ended())
    assert samples(target.read_text())["smugsync_running{profile=default}"] == 0


def test_others_may_read_it_whatever_the_umask(subject: Subject, tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        recorder(subject, tmp_path / "smugsync.prom")(held())
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "smugsync.prom").stat().st_mode) == 0o644


def test_each_profile_has_a_file_and_no_two_give_the_same_sample(tmp_path: Path) -> None:
    subjects = [account.subject(tmp_path, name) for name in ("default", "studio", "v1.2")]
    for subject in subjects:
        recorder(subject, tmp_path / "smugsync.prom")(ended(0, profile=subject.profile))
    names = ["smugsync.prom", "smugsync.studio.prom", "smugsync.v1.2.prom"]
    assert sorted(path.name for path in tmp_path.glob("*.prom")) == names
    assert textfile_of(tmp_path / "smugsync.prom", "studio") == tmp_path / names[1]
    together: list[str] = []
    for name in names:
        together += samples((tmp_path / name).read_text())
    assert len(together) == len(set(together))


def test_nothing_is_left_beside_it(subject: Subject, tmp_path: Path) -> None:
    target = tmp_path / "prom"
    target.mkdir()
    for event in (held(), ended()):
        recorder(subject, target / "smugsync.prom")(event)
    assert [path.name for path in target.iterdir()] == ["smugsync.prom"]


def test_a_directory_that_is_not_there_is_told_of_once(
    subject: Subject, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    record = recorder(subject, tmp_path / "nowhere" / "smugsync.prom")
    for _ in range(3):
        record(held())
    assert [one.levelname for one in caplog.records] == ["WARNING"]
    assert "nowhere" in caplog.text


def test_a_link_in_its_place_is_replaced_and_not_followed(subject: Subject, tmp_path: Path) -> None:
    victim, target = tmp_path / "victim", tmp_path / "smugsync.prom"
    victim.write_text("precious")
    target.symlink_to(victim)
    recorder(subject, target)(held())
    assert victim.read_text() == "precious"
    assert not target.is_symlink()


@pytest.mark.parametrize(
    "spoilt", ["", "{", "[]", '{"schema": 1}', '{"schema": 9, "runs": {}}', '{"runs": 3}']
)
def test_spoilt_counters_begin_anew(tmp_path: Path, spoilt: str) -> None:
    (tmp_path / "counters.json").write_text(spoilt)
    assert counters.read(tmp_path / "counters.json") == Counters()


def test_counters_are_read_as_they_were_written(tmp_path: Path) -> None:
    event = ended(3)
    sums = Counters().after(event).after(event)
    counters.write(tmp_path / "counters.json", sums)
    assert counters.read(tmp_path / "counters.json") == sums


def test_without_a_run_nothing_is_said_of_runs(tmp_path: Path) -> None:
    facts = Facts(account.subject(tmp_path), standing(last_good=None))
    exposition = figures([(facts, Counters())])
    assert "last_run" not in exposition
    assert "last_success" not in exposition


def test_what_is_summed_up_is_what_a_report_says() -> None:
    report = Report(
        files_downloaded=2, bytes_downloaded=30, files_sent=4, bytes_sent=50, requests=6, seconds=7.0
    )
    sums = Counters().after(RunEnded("default", "delta", NOW, 0, "", report.as_json()))
    assert (sums.files_downloaded, sums.bytes_downloaded, sums.requests) == (2, 30, 6)
    assert (sums.files_uploaded, sums.bytes_uploaded, sums.last_seconds) == (4, 50, 7.0)
