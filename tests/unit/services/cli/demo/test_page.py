"""The page of the demo shows each picture with its score, its truth and its evidence."""

import re
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from PIL import Image

from services.cli.demo.page import write_page
from services.cli.demo.scenario import Scenario, ScenarioResult
from services.cli.demo.sections import real_chapter
from shared.domain.subjects.words import ShownWord
from shared.domain.taste import Taste
from shared.events import Evidence, ProfileUpdated, RankedFeed, RankedItem
from shared.events.types.evidence import EvidenceReference, ItemEvidence

NOW = datetime(2026, 1, 31, tzinfo=UTC)


def pictures(folder: Path, *names: str) -> tuple[Path, ...]:
    for number, name in enumerate(names):
        Image.new("RGB", (30, 20), (90 * number, 80, 80)).save(folder / name, "PNG")
    return tuple(folder / name for name in names)


def test_a_card_has_its_score_its_truth_and_the_references_that_speak_for_it(
    tmp_path: Path,
) -> None:
    liked, disliked, gull, truck = pictures(tmp_path, "owl <1>", "car", "gull", "truck")
    references = [
        EvidenceReference(image_id=liked.name, side="liked", effect=1.0),
        EvidenceReference(image_id="unknown", side="liked", effect=1.0),
    ]
    evidence = ItemEvidence(text="resembles <1> of your likes", supports=tuple(references))
    first = RankedItem(
        image_id="gull", rank=1, score=10.0, subject=4.0, score_total=20.0, elements=None,
        tier="vlm", evidence=evidence,
        subject_words=tuple(ShownWord(word=word, probability=0.9) for word in ("gull", "bird")),
    )  # fmt: skip
    second = RankedItem(image_id="truck", rank=2, score=9.0, elements=None, tier="vlm")
    feed = RankedFeed(
        event_id=UUID(int=1), occurred_at=NOW, user_id="u", request_id="r", status="ok",
        items=(first, second), profile_version=1, model_version="m", subject_weight=1.0,
    )  # fmt: skip
    profile = ProfileUpdated(
        event_id=UUID(int=2), occurred_at=NOW, user_id="u", profile_version=1, model_version="m",
        preference=Taste().preference, non_preference=Taste().non_preference,
        evidence=Evidence(liked=1, disliked=1),
    )  # fmt: skip
    scenario = Scenario(
        name="birds", title="A subject: birds", text="Known from the package.", liked=(liked,),
        disliked=(disliked,), slate=(gull, truck), wanted=frozenset({"gull"}),
        unwanted=frozenset({"truck"}),
    )  # fmt: skip
    page = tmp_path / "page.html"
    sections = real_chapter([ScenarioResult(scenario, "u", profile, feed)], pictures=4)
    write_page(page, title="Demo", lead="Ranked.", sections=sections)
    text = page.read_text(encoding="utf-8")
    first_card, second_card = re.findall(r'<li class="card">.*?</li>', text, re.DOTALL)
    assert "20.0 of 25" in first_card
    assert "liked by its source" in first_card
    assert "shows: gull, bird" in first_card
    assert "resembles &lt;1&gt; of your likes" in first_card
    assert 'alt="owl &lt;1&gt;"' in first_card
    assert first_card.count("<img") == 2
    assert "9.0 of 25" in second_card
    assert "disliked by its source" in second_card
    assert "shows:" not in second_card
    assert "100% of the pairs" in text
    assert "1 users, 4 real pictures" in text
    assert "http" not in text


def test_without_users_there_is_no_chapter() -> None:
    assert real_chapter([], pictures=0) == []
