"""Each model predicts from a person's references and ranks the pairs that came later."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from shared.domain.element_weights import ElementWeights
from shared.domain.taste import ELEMENTS, Element
from shared.vlm.protocol import PredictedTaste, References, Scores, ScoringInput
from tests.training.job.models import BrightnessModel, brightness, feedback_case
from training.gate.evidence import as_json
from training.gate.nights.end_to_end import EndToEnd, PredictedPairs
from training.gate.nights.gains import right_answers
from training.gate.simulate.evidence import SimulatedJob, draw_evidence
from training.job.evidence.earlier_nights import UnreadableEvidence, earlier_nights
from training.job.evidence.format_checks import FormatCounters
from training.job.evidence.later_pairs import end_of_feedback, people
from training.job.evidence.models import ComparedModels
from training.job.evidence.predicted_pairs import predicted_pairs
from training.job.scoring.feedback_cases import FeedbackCase

COLOR = ElementWeights(art_style=0.25, color=4.0, medium=0.25, saturation=0.25, detail=0.25)


@dataclass
class WordModel(BrightnessModel):
    """Scores brightness where its predicted word is `bright`, darkness where it is `dark`."""

    word: str = "bright"
    seen: int = 0

    def predict(self, references: Sequence[References]) -> list[PredictedTaste]:
        self.seen += len(references)
        likes = dict.fromkeys(ELEMENTS, (self.word,))
        return [PredictedTaste(likes, {}, self.problems) for _ in references]

    def _score(self, candidate: ScoringInput) -> Scores:
        words = [word.word for word in candidate.taste.preference.color]
        level = brightness(candidate.image)
        level = level if words == ["bright"] else 1 - level
        return Scores(
            {
                element: _row(
                    round(5 * level) if element == Element.COLOR else round(5 * (1 - level))
                )
                for element in ELEMENTS
            },
            self.element_weights,
        )


def _row(digit: int) -> tuple[float, ...]:
    return tuple(float(d == digit) for d in range(6))


def _pairs(
    champion: BrightnessModel, challenger: BrightnessModel, cases: list[FeedbackCase]
) -> PredictedPairs:
    return predicted_pairs(
        ComparedModels(champion, challenger), people(cases), FormatCounters(), orders=1,
        is_late=lambda: False, advance=lambda *progress: None,
    )  # fmt: skip


def _cases(folder: Path, number: int = 6) -> list[FeedbackCase]:
    """Pairs of bright and dark images; references are other images."""
    reference = feedback_case(folder, "none", better=255, worse=0)
    case = feedback_case(folder, "u", better=230, worse=30)
    sides = {"liked": (reference.better,), "disliked": (reference.worse,)}
    return [replace(case, user=f"u{n}", shown_at=n + 1, **sides) for n in range(number)]


def test_a_challenger_that_only_predicts_better_is_seen(tmp_path: Path) -> None:
    weights = {"element_weights": COLOR}
    pairs = _pairs(
        WordModel(word="dark", **weights), WordModel(word="bright", **weights), _cases(tmp_path)
    )
    assert pairs.right("champion").tolist() == [0.0] * 6
    assert pairs.right("challenger").tolist() == [1.0] * 6
    assert pairs.right("adapter_alone").tolist() == [1.0] * 6
    assert pairs.right("weights_alone").tolist() == [0.0] * 6
    assert right_answers(pairs, "challenger").champion.tolist() == [0.0] * 6


def test_better_weights_alone_show_in_their_own_row(tmp_path: Path) -> None:
    champion = WordModel()  # equal weights: four elements out of five contradict the color
    pairs = _pairs(champion, WordModel(element_weights=COLOR), _cases(tmp_path))
    assert pairs.right("champion").tolist() == [0.0] * 6
    assert pairs.right("weights_alone").tolist() == [1.0] * 6
    assert pairs.right("adapter_alone").tolist() == [0.0] * 6
    assert pairs.right("challenger").tolist() == [1.0] * 6


def test_each_person_is_predicted_once_in_every_order(tmp_path: Path) -> None:
    champion, challenger = WordModel(), WordModel(problems=("cut off",))
    cases = [case for case in _cases(tmp_path, 3) for _ in range(4)]
    formats = FormatCounters()
    predicted_pairs(
        ComparedModels(champion, challenger), people(cases), formats, orders=3,
        is_late=lambda: False, advance=lambda *progress: None,
    )  # fmt: skip
    assert (champion.seen, challenger.seen) == (9, 9)
    assert (formats.challenger.answers, formats.challenger.well_formed) == (9, 0)


def test_pairs_before_the_references_and_pairs_with_them_are_left_out(tmp_path: Path) -> None:
    a, b, c = (feedback_case(tmp_path, "u", better=200 + n, worse=n) for n in range(3))
    early = replace(a, liked=(), disliked=(), shown_at=1)
    second = replace(b, liked=(a.better,), disliked=(a.worse,), shown_at=2)
    same_image = replace(a, liked=(a.better, b.better), disliked=(a.worse,), shown_at=3)
    later = replace(c, liked=(b.better, a.better), disliked=(a.worse, b.worse), shown_at=3)
    (person,) = people([later, same_image, early, second])
    assert person.liked == (a.better,)
    assert person.pairs == (second, later)


def test_only_new_slates_count_on_a_later_night(tmp_path: Path) -> None:
    cases = _cases(tmp_path)
    assert [person.name for person in people(cases, since=4)] == ["u4", "u5"]
    assert people(cases, since=6) == []


def test_slates_shown_while_the_job_collected_are_not_new_on_the_next_night(
    tmp_path: Path,
) -> None:
    cases = _cases(tmp_path)  # shown at 1 to 6
    tonight = end_of_feedback(cases, requested_at=4)
    assert people(cases, since=tonight) == []
    assert end_of_feedback([], requested_at=4) == 4
    wrong_clock = replace(cases[0], shown_at=10**15)
    assert end_of_feedback([*cases, wrong_clock], requested_at=4) == 6


def test_a_person_without_references_needs_a_stored_profile(tmp_path: Path) -> None:
    case = replace(feedback_case(tmp_path, "u"), liked=(), disliked=())
    assert people([replace(case, profile=None)]) == []
    pairs = _pairs(BrightnessModel(), BrightnessModel(), [case])
    assert pairs.right("challenger").tolist() == [1.0]


def test_earlier_nights_are_read_with_the_feedback_they_used(tmp_path: Path) -> None:
    file = tmp_path / "nightly-1" / "evidence.json"
    file.parent.mkdir()
    evidence = draw_evidence(SimulatedJob(pairs=60, users=20), seed=1)
    assert evidence.end_to_end is not None
    evidence = replace(evidence, end_to_end=replace(evidence.end_to_end, until=99))
    file.write_text(json.dumps(as_json(evidence)))
    earlier = earlier_nights(file, champion="champion")
    nights = earlier.nights
    assert (earlier.until, earlier.pairs, nights[0].job) == (99, 60, "nightly-1")
    assert (len(nights[0].gains), nights[0].pairs) == (20, 60)
    again = EndToEnd(evidence.end_to_end.pairs, nights, until=120)
    file.write_text(json.dumps(as_json(replace(evidence, end_to_end=again))))
    assert len(earlier_nights(file, champion="champion").nights) == 2


@pytest.mark.parametrize("text", ["", "{}", "[1]"])
def test_unreadable_nights_are_an_error(tmp_path: Path, text: str) -> None:
    file = tmp_path / "evidence.json"
    with pytest.raises(UnreadableEvidence):
        earlier_nights(file, champion="champion")
    file.write_text(text)
    with pytest.raises(UnreadableEvidence):
        earlier_nights(file, champion="champion")


def test_nights_against_another_champion_are_an_error(tmp_path: Path) -> None:
    file = tmp_path / "evidence.json"
    file.write_text(json.dumps(as_json(draw_evidence(SimulatedJob(pairs=60, users=20), seed=1))))
    with pytest.raises(UnreadableEvidence, match="against nano-9"):
        earlier_nights(file, champion="nano-9")
