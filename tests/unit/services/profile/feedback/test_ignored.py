"""Feedback that becomes no reference is counted by reason until the first profile."""

from services.profile.feedback.ignored import MAX_USERS, IgnoredCounts, left_out, summed
from services.profile.feedback.references import merge_references
from shared.domain.user import User
from tests.unit.services.profile.sample_references import described_reference

ANA = User("default", "ana")


def test_counts_are_taken_once() -> None:
    counts = IgnoredCounts()
    for _ in range(3):
        counts.add(ANA, {"side_full": 1})
    counts.add(ANA, {"replaced": 1})
    assert counts.take(User("other", "ana")) == {}
    assert counts.take(ANA) == {"side_full": 3, "replaced": 1}
    assert counts.take(ANA) == {}


def test_the_users_in_memory_are_bounded() -> None:
    counts = IgnoredCounts()
    for number in range(MAX_USERS + 1):
        counts.add(User("default", str(number)), {"replaced": 1})
    assert counts.take(User("default", "0")) == {}
    assert counts.take(User("default", "1")) == {"replaced": 1}


def test_references_that_a_merge_leaves_out_have_a_reason() -> None:
    stored = [described_reference("red", "like", number=n) for n in range(2)]
    changed = stored[0].model_copy(update={"event_id": "red-zzz", "side": "disliked"})
    new = [described_reference("red", "like", number=n, day=1) for n in range(3)]
    merged = merge_references(stored, [changed, *new], per_side=2)
    assert left_out(stored, [changed, *new], merged) == {"replaced": 1, "side_full": 2}
    assert summed({"replaced": 1}, {"side_full": 2}, {}) == {"replaced": 1, "side_full": 2}
