"""What "verified" means: every kind of promise, kept and broken."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smugsync.core.integrity import Found, prove, same
from smugsync.core.model import Evidence, Promise
from smugsync.errors import IntegrityError

PHOTO = b"\xff\xd8 a photo"
MD5 = hashlib.md5(PHOTO).hexdigest()
OTHER = hashlib.md5(b"another").hexdigest()
NOTHING = Found(hashlib.md5(b"").hexdigest(), 0)
FOUND = Found(MD5, len(PHOTO))

PROMISES = st.builds(
    Promise, st.none() | st.sampled_from([MD5, OTHER]), st.none() | st.integers(0, len(PHOTO) + 1)
)


@pytest.mark.parametrize(
    ("promise", "evidence"),
    [
        (Promise(MD5, len(PHOTO)), Evidence.PROMISED),
        (Promise(MD5, None), Evidence.PROMISED),
        (Promise(None, len(PHOTO)), Evidence.PROMISED),
        (Promise(None, None), Evidence.SELF),
    ],
)
def test_kept(promise: Promise, evidence: Evidence) -> None:
    assert prove(promise, FOUND) is evidence


@pytest.mark.parametrize(
    ("promise", "promised", "found"),
    [
        (Promise(OTHER, len(PHOTO)), OTHER, MD5),
        (Promise(OTHER, None), OTHER, MD5),
        (Promise(MD5, len(PHOTO) + 1), str(len(PHOTO) + 1), str(len(PHOTO))),
        (Promise(None, 1), "1", str(len(PHOTO))),
        (Promise(None, 0), "0", str(len(PHOTO))),
    ],
)
def test_broken(promise: Promise, promised: str, found: str) -> None:
    with pytest.raises(IntegrityError) as caught:
        prove(promise, FOUND)
    assert (caught.value.promised, caught.value.found) == (promised, found)


class TestNoBytes:
    """An empty body with status 200 is how a media host turns a client away."""

    @pytest.mark.parametrize("promise", [Promise(), Promise(MD5), Promise(MD5, 9), Promise(None, 9)])
    def test_prove_nothing(self, promise: Promise) -> None:
        with pytest.raises(IntegrityError):
            prove(promise, NOTHING)

    def test_unless_none_were_promised(self) -> None:
        assert prove(Promise(NOTHING.md5, 0), NOTHING) is Evidence.PROMISED
        assert prove(Promise(None, 0), NOTHING) is Evidence.PROMISED


@given(PROMISES)
def test_evidence_says_promised_only_where_every_promise_was_kept(promise: Promise) -> None:
    kept = promise.md5 in (None, MD5) and promise.size in (None, len(PHOTO))
    if not kept:
        with pytest.raises(IntegrityError):
            prove(promise, FOUND)
    else:
        expected = Evidence.SELF if promise == Promise() else Evidence.PROMISED
        assert prove(promise, FOUND) is expected


class TestSame:
    def test_md5_decides(self) -> None:
        assert same(Promise(MD5), FOUND)
        assert same(Promise(MD5, len(PHOTO)), FOUND)
        assert not same(Promise(OTHER, len(PHOTO)), FOUND)

    def test_size_alone_never_does(self) -> None:
        assert not same(Promise(None, len(PHOTO)), FOUND)
        assert not same(Promise(), FOUND)

    def test_sizes_must_not_contradict(self) -> None:
        assert not same(Promise(MD5, len(PHOTO) + 1), FOUND)

    @given(PROMISES)
    def test_what_is_the_same_can_be_proven(self, promise: Promise) -> None:
        if same(promise, FOUND):
            assert prove(promise, FOUND) is Evidence.PROMISED
