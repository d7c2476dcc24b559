"""`profile show` prints where feedback changed stated words, and which feedback is no reference."""

from services.cli.output.profile_history import history_lines
from shared.domain.taste import Element
from shared.events import Evidence, ProfileUpdated
from shared.events.documents.examples_from_apps import LATER
from shared.events.types.taste_change import TasteChange
from tests.contract.events.golden_events import golden_events


def profile(**fields: object) -> ProfileUpdated:
    (full,) = [g for g in golden_events() if (g.topic.name, g.name) == FULL]
    return ProfileUpdated.model_validate_json(full.value).model_copy(update=fields)


FULL = ("profile.updated.v1", "full")
CHANGE = TasteChange(
    at=LATER, kind="overruled", side="preference", element=Element.COLOR, stated=("blue",),
    words=("teal", "gold"), statements=5, feedback={"like": 3, "click": 1},
)  # fmt: skip


def test_changes_are_printed_the_latest_first() -> None:
    restored = CHANGE.model_copy(update={"kind": "restored", "words": ("blue",)})
    assert history_lines(profile(history=(CHANGE, restored))) == [
        "changed by feedback, 2026-01-31: liked color: blue again, as stated",
        "changed by feedback, 2026-01-31: liked color: teal, gold instead of stated blue"
        " (3 likes, 1 click)",
    ]


def test_ignored_feedback_is_printed_with_its_reasons() -> None:
    evidence = Evidence(liked=40, disliked=0, ignored={"side_full": 9_960, "replaced": 1})
    assert history_lines(profile(evidence=evidence)) == [
        "feedback that is no reference: 1 replaced by other feedback on the same image;"
        " 9960 behind stronger or later references of a full side"
    ]


def test_a_profile_without_either_has_no_line() -> None:
    assert history_lines(profile()) == []
