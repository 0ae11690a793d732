"""The page in a real browser: nothing in it runs but our own script, and the policy stops nothing of ours."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from smugsync.daemon.standing import Standing
from smugsync.page.facts import Subject
from smugsync.page.server import shown
from tests.page.account import GUARDED, standing

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed")


def browse(address: str, folder: Path, *options: str) -> tuple[str, str]:
    """What the page has become after its scripts, and what the browser had to say about it."""
    assert BROWSER is not None
    quiet = (
        "gpu quic background-networking component-update sync extensions default-apps dev-shm-usage".split()
    )
    done = subprocess.run(
        [BROWSER, "--headless", "--no-sandbox", "--no-first-run", *(f"--disable-{one}" for one in quiet),
         f"--user-data-dir={folder}", "--enable-logging=stderr", "--log-level=0", *options, address],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    return done.stdout, "\n".join(line for line in done.stderr.splitlines() if "CONSOLE" in line)


def test_no_name_runs_and_the_policy_is_not_offended(subject: Subject, tmp_path: Path) -> None:
    with shown("127.0.0.1:0", [subject], lambda: [standing(held=GUARDED)]) as address:
        assert address is not None
        page, console = browse(address, tmp_path / "browser", "--dump-dom")
    assert "Mirror of" in page
    assert page.count("<script") == 1
    assert "<img" not in page
    assert console == ""


def test_the_page_fits_a_phone_and_renews_itself(subject: Subject, tmp_path: Path) -> None:
    seen: list[int] = []

    def standings() -> list[Standing]:
        seen.append(1)
        return [standing(scope="delta")]

    with shown("127.0.0.1:0", [subject], standings) as address:
        assert address is not None
        picture = tmp_path / "phone.png"
        browse(
            address,
            tmp_path / "browser",
            f"--screenshot={picture}",
            "--window-size=390,844",
            "--virtual-time-budget=12000",
        )
    assert picture.stat().st_size > 10_000
    assert len(seen) >= 2


def test_the_numbers_of_the_page_are_where_a_reader_expects_them(subject: Subject, tmp_path: Path) -> None:
    with shown("127.0.0.1:0", [subject], lambda: [standing()]) as address:
        assert address is not None
        page, _ = browse(f"{address}?q=iceland", tmp_path / "browser", "--dump-dom")
    assert re.search(r"<bdi>Iceland 2024</bdi>.*?<td class=\"n\">39</td><td class=\"n\">312 MB</td>", page)
