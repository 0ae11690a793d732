"""Apprise: an extra, one channel an address."""

from __future__ import annotations

import importlib.util
import json
import logging

import pytest

from smugsync.errors import ConfigError
from smugsync.notify.by_apprise import Apprise, by_apprise
from smugsync.notify.channel import Undelivered
from smugsync.secret import Secret
from tests.notify.listening import Listener
from tests.notify.samples import NOTICE

needed = pytest.mark.skipif(importlib.util.find_spec("apprise") is None, reason="apprise is not installed")


def test_where_it_is_missing_one_sentence_says_what_to_install() -> None:
    with pytest.raises(ConfigError, match=r'pip install "smugsync\[apprise\]"'):
        Apprise(Secret("json://127.0.0.1/"), number=1, package="no_such_apprise")


@needed
def test_a_notice_arrives_by_it(listener: Listener) -> None:
    (channel,) = by_apprise([Secret(f"json://{listener.url.removeprefix('http://')}/s3cret")])
    channel.send(NOTICE)
    told = json.loads(listener.heard[0].body)
    assert told["title"] == "smugsync: 3 photos failed"
    assert "they broke off" in told["message"]


@needed
def test_an_address_that_it_does_not_know_is_named_by_its_number() -> None:
    with pytest.raises(ConfigError, match="address 2") as refused:
        by_apprise([Secret("json://127.0.0.1/"), Secret("nonsense-s3cret://x")])
    assert "s3cret" not in str(refused.value)


@needed
def test_a_refusal_is_told_without_the_address(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with Listener(500) as listener:
        (channel,) = by_apprise([Secret(f"json://{listener.url.removeprefix('http://')}/s3cret")])
        with pytest.raises(Undelivered):
            channel.send(NOTICE)
    assert "s3cret" not in caplog.text
