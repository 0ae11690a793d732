"""The decision table, row by row, and what must never be decided."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smugsync.core.model import Base, Evidence, Fingerprint, LocalFile, Promise, RemoteFile
from smugsync.core.reconcile import (
    ABSENT,
    UNOBSERVED,
    Action,
    Adopt,
    Conflict,
    Diverge,
    Examine,
    Fetch,
    Forget,
    Keep,
    Policy,
    Replace,
    Retire,
    Send,
    Side,
    Trash,
    Why,
    Withhold,
    reconcile,
)

PATH = "Travel/Iceland/IMG_1.JPG"
OURS, THEIRS, EDIT, ROTTEN = (letter * 32 for letter in "abcd")  # MD5s: held, online now, edited, rotten
THEN, LATER = Fingerprint(1_000, 1), Fingerprint(1_000, 2)

B = Base(PATH, "v1", OURS, THEN)
RETIRED = replace(B, retired=True)
CONVERTED = replace(B, evidence=Evidence.CONVERTED)
UNPROVEN = replace(B, evidence=Evidence.UNPROVEN)

R = RemoteFile("album", "key", "IMG_1.JPG", version="v1", promised=Promise(OURS, 1_000))
R_NEW = replace(R, version="v2", promised=Promise(THEIRS, 1_000))
R_REMADE = replace(R, promised=Promise(THEIRS, 1_000))
R_WITHHELD = replace(R, withheld="the original is not offered", promised=Promise())
R_NEW_WITHHELD = replace(R_WITHHELD, version="v2")
R_SHORT = replace(R, promised=Promise(OURS, 9))
R_SILENT = replace(R, version="v2", promised=Promise())  # promises nothing

L = LocalFile(PATH, THEN)  # by stat: as it was
L_HASHED = LocalFile(PATH, THEN, OURS)
L_TOUCHED = LocalFile(PATH, LATER)
L_ONLY_TOUCHED = LocalFile(PATH, LATER, OURS)
L_EDITED = LocalFile(PATH, LATER, EDIT)
L_AS_ONLINE = LocalFile(PATH, LATER, THEIRS)
L_ROTTEN = LocalFile(PATH, THEN, ROTTEN)
L_CUT = LocalFile(PATH, Fingerprint(7, THEN.mtime_ns), ROTTEN)

READ_ONLY = Policy()
UPLOADS = Policy(send=True, replace=True)
REPAIR = Policy(repair=True)
FOLLOW = Policy(trash=True)  # `mode = "mirror"`, and an earlier cycle has marked what is gone


@dataclass(frozen=True)
class Row:
    situation: str
    base: Base | None
    remote: RemoteFile | Side
    local: LocalFile | Side
    action: Action | None
    policy: Policy = READ_ONLY
    fresh: bool = False


TABLE = [
    # base –, remote –: local only
    Row("nothing anywhere", None, ABSENT, ABSENT, None, UPLOADS, fresh=True),
    Row("new here, uploads on", None, ABSENT, L, Send(), UPLOADS, fresh=True),
    Row("new here, uploads off", None, ABSENT, L, None, fresh=True),
    Row("older than the upload baseline: it may have been deleted online", None, ABSENT, L, None, UPLOADS),
    Row("new here, nobody looked online", None, UNOBSERVED, L, None, UPLOADS, fresh=True),
    Row("only replacing is allowed", None, ABSENT, L, None, Policy(replace=True), fresh=True),
    # base –, remote R
    Row("new online", None, R, ABSENT, Fetch(Why.NEW)),
    Row("new online, nobody looked here", None, R, UNOBSERVED, Fetch(Why.NEW)),
    Row("new online, withheld", None, R_WITHHELD, ABSENT, Withhold()),
    Row("new online, withheld, a file of its name here", None, R_WITHHELD, L_EDITED, Withhold()),
    Row("both new, not hashed yet", None, R, L, Examine()),
    Row("both new, the same bytes", None, R, L_HASHED, Adopt()),
    Row("both new, other bytes", None, R, L_EDITED, Conflict()),
    Row("both new, the same MD5 but another size", None, R_SHORT, L_HASHED, Conflict()),
    Row("both new, nothing promised: nothing proves they are the same", None, R_SILENT, L_EDITED, Conflict()),
    Row("both new, nothing is ever sent in its place", None, R, L_EDITED, Conflict(), UPLOADS, fresh=True),
    # base B, remote –
    Row("gone on both sides", B, ABSENT, ABSENT, Forget()),
    Row("gone online", B, ABSENT, L, Retire()),
    Row("gone online, nobody looked here: it is as we left it", B, ABSENT, UNOBSERVED, Retire()),
    Row("gone online, edited here: kept and marked all the same", B, ABSENT, L_EDITED, Retire(), UPLOADS),
    Row("retired already", RETIRED, ABSENT, L, None),
    Row("retired already, nobody looked here", RETIRED, ABSENT, UNOBSERVED, None),
    Row("retired, then deleted here", RETIRED, ABSENT, ABSENT, Forget()),
    Row("retired already, touched here", RETIRED, ABSENT, L_TOUCHED, None),
    Row("retired already, edited here", RETIRED, ABSENT, L_EDITED, None),
    # the same where the mirror follows: only what was marked before, and nobody's work, goes to the trash
    Row("gone on both sides, following", B, ABSENT, ABSENT, Forget(), FOLLOW),
    Row("gone online for the first time, following: marked", B, ABSENT, L, Retire(), FOLLOW),
    Row("gone online, edited here, following: marked", B, ABSENT, L_EDITED, Retire(), FOLLOW),
    Row("gone online, nobody looked here, following: marked", B, ABSENT, UNOBSERVED, Retire(), FOLLOW),
    Row("gone for good", RETIRED, ABSENT, L, Trash(), FOLLOW),
    Row("gone for good, by hash", RETIRED, ABSENT, L_HASHED, Trash(), FOLLOW),
    Row("gone for good, touched here, not hashed yet", RETIRED, ABSENT, L_TOUCHED, Examine(), FOLLOW),
    Row("gone for good, touched only", RETIRED, ABSENT, L_ONLY_TOUCHED, Trash(), FOLLOW),
    Row("gone for good, edited here: a person's own now", RETIRED, ABSENT, L_EDITED, Keep(), FOLLOW),
    Row("gone for good, rotten here: nobody's work", RETIRED, ABSENT, L_ROTTEN, Trash(), FOLLOW),
    Row("gone for good, deleted here", RETIRED, ABSENT, ABSENT, Forget(), FOLLOW),
    Row("gone for good, nobody looked here", RETIRED, ABSENT, UNOBSERVED, None, FOLLOW),
    Row("marked, and nobody looked online, following", RETIRED, UNOBSERVED, L, None, FOLLOW),
    Row("marked, and online again, following", RETIRED, R, L, Adopt(), FOLLOW),
    Row("only here, following", None, ABSENT, L, None, FOLLOW),
    Row("online and here, following", B, R, L, None, FOLLOW),
    # base B, remote R, local –
    Row("lost here", B, R, ABSENT, Fetch(Why.LOST)),
    Row("lost here is never sent upward as a deletion", B, R, ABSENT, Fetch(Why.LOST), UPLOADS),
    Row("lost here, changed online", B, R_NEW, ABSENT, Fetch(Why.LOST)),
    Row("lost here, nobody looked online", B, UNOBSERVED, ABSENT, Fetch(Why.LOST)),
    Row("lost here, withheld online", B, R_WITHHELD, ABSENT, Withhold()),
    Row("lost here, sent converted: a rendition beats nothing", CONVERTED, R, ABSENT, Fetch(Why.LOST)),
    # base B, remote R, local L: neither changed
    Row("all as it was, by stat", B, R, L, None),
    Row("all as it was, by hash", B, R, L_HASHED, None),
    Row("all as it was, nobody looked here", B, R, UNOBSERVED, None),
    Row("all as it was, nobody looked online", B, UNOBSERVED, L, None),
    Row("all as it was, nobody looked anywhere", B, UNOBSERVED, UNOBSERVED, None),
    Row("withheld now, but we have it", B, R_WITHHELD, L, None),
    Row("changed and withheld: wait for it", B, R_NEW_WITHHELD, L, None),
    Row("all as it was, uploads on", B, R, L, None, UPLOADS),
    # remote only
    Row("changed online", B, R_NEW, L, Fetch(Why.CHANGED)),
    Row("changed online, by hash", B, R_NEW, L_HASHED, Fetch(Why.CHANGED)),
    Row("changed online, only touched here", B, R_NEW, L_ONLY_TOUCHED, Fetch(Why.CHANGED)),
    Row("changed online, nobody looked here", B, R_NEW, UNOBSERVED, Fetch(Why.CHANGED)),
    Row("other bytes promised under the old version", B, R_REMADE, L, Fetch(Why.CHANGED)),
    Row("what the service made of what we sent is no change", CONVERTED, R_REMADE, L, None),
    # local only
    Row("touched here, not hashed yet", B, R, L_TOUCHED, Examine()),
    Row("touched here, nobody looked online", B, UNOBSERVED, L_TOUCHED, Examine()),
    Row("touched only", B, R, L_ONLY_TOUCHED, Adopt()),
    Row("edited here, uploads on", B, R, L_EDITED, Replace(), UPLOADS),
    Row("edited here, uploads off", B, R, L_EDITED, Diverge()),
    Row("edited here, only new files may be sent", B, R, L_EDITED, Diverge(), Policy(send=True)),
    Row("edited here, replaced online but withheld", B, R_NEW_WITHHELD, L_EDITED, Diverge(), UPLOADS),
    Row("edited here is not damaged", B, R, L_EDITED, Diverge(), REPAIR),
    # both
    Row("changed on both sides, not hashed yet", B, R_NEW, L_TOUCHED, Examine()),
    Row("changed on both sides to the same", B, R_NEW, L_AS_ONLINE, Adopt()),
    Row("changed on both sides", B, R_NEW, L_EDITED, Conflict()),
    Row("changed on both sides, uploads on", B, R_NEW, L_EDITED, Conflict(), UPLOADS),
    Row("changed on both sides, nothing promised", B, R_SILENT, L_EDITED, Conflict()),
    # damage: other bytes under an unchanged time stamp
    Row("rotten", B, R, L_ROTTEN, None),
    Row("rotten, repairing", B, R, L_ROTTEN, Fetch(Why.DAMAGED), REPAIR),
    Row("rotten, repairing, nobody looked online", B, UNOBSERVED, L_ROTTEN, Fetch(Why.DAMAGED), REPAIR),
    Row("rotten, repairing, withheld online", B, R_WITHHELD, L_ROTTEN, None, REPAIR),
    Row("rotten, and changed online", B, R_NEW, L_ROTTEN, Fetch(Why.CHANGED)),
    Row("rotten is not edited: never sent", B, R, L_ROTTEN, None, UPLOADS),
    Row("rotten, sent converted: no rendition over an original", CONVERTED, R, L_ROTTEN, None, REPAIR),
    Row("rotten, matched by name: no rendition over an original", UNPROVEN, R, L_ROTTEN, None, REPAIR),
    Row("cut short", B, R, L_CUT, None),
    Row("cut short, repairing", B, R, L_CUT, Fetch(Why.DAMAGED), REPAIR),
    Row("cut short or edited, and changed online: if in doubt, a person's", B, R_NEW, L_CUT, Conflict()),
    # online again
    Row("online again", RETIRED, R, L, Adopt()),
    Row("online again, nobody looked here", RETIRED, R, UNOBSERVED, Adopt()),
    Row("online again, changed", RETIRED, R_NEW, L, Fetch(Why.CHANGED)),
    Row("online again, missing here", RETIRED, R, ABSENT, Fetch(Why.LOST)),
    Row("online again, edited here", RETIRED, R, L_EDITED, Diverge()),
    Row("online again and withheld, as we have it", RETIRED, R_WITHHELD, L, Adopt()),
    Row("online again and withheld, in another version", RETIRED, R_NEW_WITHHELD, L, None),
    # retired, and nobody looked online: there is nothing to be had there
    Row("retired, missing here, nobody looked online", RETIRED, UNOBSERVED, ABSENT, None),
    Row("retired, edited here, nobody looked online", RETIRED, UNOBSERVED, L_EDITED, None, UPLOADS),
    Row("retired, rotten, nobody looked online", RETIRED, UNOBSERVED, L_ROTTEN, None, REPAIR),
    Row("retired, touched, nobody looked online", RETIRED, UNOBSERVED, L_TOUCHED, None),
]  # fmt: skip


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.situation.replace(" ", "-"))
def test_table(row: Row) -> None:
    assert reconcile(row.base, row.remote, row.local, row.policy, fresh=row.fresh) == row.action


def test_table_tells_situations_apart() -> None:
    assert len({(r.base, r.remote, r.local, r.policy, r.fresh) for r in TABLE}) == len(TABLE)


MD5S = st.sampled_from([OURS, THEIRS, EDIT, ROTTEN])
FINGERPRINTS = st.sampled_from([THEN, LATER, Fingerprint(1_001, 1)])
BASES = st.builds(
    Base,
    st.just(PATH),
    st.sampled_from(["v1", "v2"]),
    MD5S,
    FINGERPRINTS,
    st.sampled_from(Evidence),
    st.booleans(),
)
REMOTES = st.builds(
    lambda version, md5, size, withheld: replace(
        R, version=version, promised=Promise(md5, size), withheld=withheld
    ),
    st.sampled_from(["v1", "v2", "v3"]),
    st.none() | MD5S,
    st.none() | st.sampled_from([1_000, 1_001]),
    st.sampled_from(["", "still processing"]),
)
LOCALS = st.builds(LocalFile, st.just(PATH), FINGERPRINTS, st.none() | MD5S)
SIDES = st.sampled_from(Side)
POLICIES = st.builds(Policy, st.booleans(), st.booleans(), st.booleans())
FOLLOWING = st.builds(Policy, st.booleans(), st.booleans(), st.booleans(), st.just(True))


class TestLaws:
    @given(st.none() | BASES, REMOTES | SIDES, LOCALS | SIDES, POLICIES, st.booleans())
    def test_only_a_remote_that_is_absent_takes_anything_away(
        self,
        base: Base | None,
        remote: RemoteFile | Side,
        local: LocalFile | Side,
        policy: Policy,
        fresh: bool,
    ) -> None:
        """Nothing is retired or forgotten because of a side that was not looked at."""
        action = reconcile(base, remote, local, policy, fresh=fresh)
        if isinstance(action, Retire):
            assert remote is ABSENT
            assert local is not ABSENT
        if isinstance(action, Forget):
            assert remote is ABSENT
            assert local is ABSENT

    @given(st.none() | BASES, REMOTES | SIDES, LOCALS | SIDES, POLICIES | FOLLOWING, st.booleans())
    def test_nothing_leaves_the_mirror_but_what_was_marked_is_absent_online_and_was_looked_at_here(
        self,
        base: Base | None,
        remote: RemoteFile | Side,
        local: LocalFile | Side,
        policy: Policy,
        fresh: bool,
    ) -> None:
        action = reconcile(base, remote, local, policy, fresh=fresh)
        if isinstance(action, Trash | Keep):
            assert policy.trash
            assert base is not None
            assert base.retired
            assert remote is ABSENT
            assert isinstance(local, LocalFile)
        if isinstance(action, Trash):
            assert base is not None
            assert isinstance(local, LocalFile)
            assert local.fingerprint == base.fingerprint or local.md5 == base.held_md5

    @given(BASES, REMOTES | SIDES, LOCALS | SIDES, POLICIES, st.booleans())
    def test_following_changes_nothing_else(
        self,
        base: Base,
        remote: RemoteFile | Side,
        local: LocalFile | Side,
        policy: Policy,
        fresh: bool,
    ) -> None:
        if base.retired and remote is ABSENT:
            return
        following = replace(policy, trash=True)
        assert reconcile(base, remote, local, following, fresh=fresh) == reconcile(
            base, remote, local, policy, fresh=fresh
        )

    @given(BASES, REMOTES | SIDES, POLICIES)
    def test_a_local_side_that_was_not_looked_at_is_as_the_base_has_it(
        self, base: Base, remote: RemoteFile | Side, policy: Policy
    ) -> None:
        as_left = LocalFile(base.path, base.fingerprint)
        assert reconcile(base, remote, UNOBSERVED, policy) == reconcile(base, remote, as_left, policy)

    @given(BASES, LOCALS | SIDES, POLICIES)
    def test_a_remote_side_that_was_not_looked_at_is_as_the_base_has_it(
        self, base: Base, local: LocalFile | Side, policy: Policy
    ) -> None:
        """Except that it forgets nothing: absence has to be seen."""
        assumed: RemoteFile | Side = (
            ABSENT if base.retired else replace(R, version=base.version, promised=Promise())
        )
        expected = reconcile(base, assumed, local, policy)
        if isinstance(expected, Forget):
            expected = None
        assert reconcile(base, UNOBSERVED, local, policy) == expected

    @given(BASES, REMOTES | SIDES, LOCALS, POLICIES | FOLLOWING)
    def test_a_local_edit_is_never_overwritten(
        self, base: Base, remote: RemoteFile | Side, local: LocalFile, policy: Policy
    ) -> None:
        """Other bytes under another time stamp are a person's work; so may be another number of them."""
        if local.md5 == base.held_md5 or local.fingerprint == base.fingerprint:
            return
        if policy.repair and local.fingerprint.mtime_ns == base.fingerprint.mtime_ns:
            return
        action = reconcile(base, remote, local, policy)
        assert not isinstance(action, Fetch | Forget | Send | Trash)
        if isinstance(action, Retire):
            assert remote is ABSENT  # which marks the row and keeps the file
        if isinstance(action, Adopt):
            assert isinstance(remote, RemoteFile)
            assert remote.promised.md5 == local.md5

    @given(REMOTES | SIDES, LOCALS, POLICIES, st.booleans())
    def test_a_file_nobody_recorded_is_never_overwritten(
        self,
        remote: RemoteFile | Side,
        local: LocalFile,
        policy: Policy,
        fresh: bool,
    ) -> None:
        action = reconcile(None, remote, local, policy, fresh=fresh)
        assert not isinstance(action, Fetch | Retire | Trash | Keep | Forget | Replace)

    @given(LOCALS | SIDES, POLICIES, st.booleans())
    def test_what_was_never_agreed_on_is_not_deleted(
        self,
        local: LocalFile | Side,
        policy: Policy,
        fresh: bool,
    ) -> None:
        assert reconcile(None, ABSENT, local, policy, fresh=fresh) in (None, Send())

    @given(st.none() | BASES, REMOTES | SIDES, LOCALS | SIDES, st.booleans())
    def test_nothing_goes_upward_unless_a_person_allows_it(
        self,
        base: Base | None,
        remote: RemoteFile | Side,
        local: LocalFile | Side,
        fresh: bool,
    ) -> None:
        for repair in (False, True):
            action = reconcile(base, remote, local, Policy(repair=repair), fresh=fresh)
            assert not isinstance(action, Send | Replace)

    @given(st.none() | BASES, REMOTES | SIDES, LOCALS, POLICIES | FOLLOWING)
    def test_hashing_answers_the_question(
        self, base: Base | None, remote: RemoteFile | Side, local: LocalFile, policy: Policy
    ) -> None:
        """Examine is asked for only of what was not hashed, and never twice."""
        hashed = replace(local, md5=local.md5 or EDIT)
        assert not isinstance(reconcile(base, remote, hashed, policy), Examine)

    @given(BASES, REMOTES | SIDES, POLICIES | FOLLOWING)
    def test_a_file_that_is_as_it_was_needs_no_hash(
        self, base: Base, remote: RemoteFile | Side, policy: Policy
    ) -> None:
        by_stat = LocalFile(base.path, base.fingerprint)
        hashed = replace(by_stat, md5=base.held_md5)
        assert reconcile(base, remote, by_stat, policy) == reconcile(base, remote, hashed, policy)

    @given(st.none() | BASES, REMOTES, LOCALS | SIDES, POLICIES)
    def test_what_is_withheld_is_never_fetched(
        self, base: Base | None, remote: RemoteFile, local: LocalFile | Side, policy: Policy
    ) -> None:
        if remote.withheld:
            assert not isinstance(reconcile(base, remote, local, policy), Fetch)


def test_every_action_stands_in_the_table() -> None:
    decided = {type(row.action) for row in TABLE}
    assert decided == {*Action.__args__, type(None)}


def test_every_combination_has_an_answer() -> None:
    bases = [None, B, RETIRED, CONVERTED]
    remotes = [*Side, R, R_NEW, R_REMADE, R_WITHHELD, R_NEW_WITHHELD, R_SILENT]
    locals_ = [*Side, L, L_HASHED, L_TOUCHED, L_ONLY_TOUCHED, L_EDITED, L_AS_ONLINE, L_ROTTEN]
    for base, remote, local in itertools.product(bases, remotes, locals_):
        for policy in (READ_ONLY, UPLOADS, REPAIR, FOLLOW):
            action = reconcile(base, remote, local, policy)
            assert action is None or isinstance(action, Action)
