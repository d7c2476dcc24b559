"""A stock model behind the whole system: tastes and feeds are whole, or partial with the reason."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from shared.client import Client
from shared.domain.taste import Element
from shared.events import ProfileUpdated, RankedFeed
from tests.e2e.system import System, running
from tests.fakes.stock_model import NAME, StockModel
from tests.support.event_loop_thread import in_thread

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(400)]
TIMEOUT_SECONDS = 120.0


@pytest.fixture(scope="module")
def model() -> Iterator[StockModel]:
    with in_thread(StockModel().running()) as started:
        yield started


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Red and blue pictures, each of its own shade."""
    folder = tmp_path_factory.mktemp("red-and-blue")
    for number in range(80):
        shade = 120 + number
        for color, pixel in (("red", (shade, 8, 8)), ("blue", (8, 8, shade))):
            Image.new("RGB", (48, 48), pixel).save(folder / f"{color}-{number}.png")
    return folder


@pytest.fixture(scope="module")
def stock_system(
    model: StockModel, images: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[System]:
    with running(
        tmp_path_factory.mktemp("stock-system"),
        PREFERSTREAM_MODEL_SERVER=model.address,
        PREFERSTREAM_ALLOWED_FILE_ROOTS=str(images),
        # The question here is what the model's answers do.
        PREFERSTREAM_SUBJECT_RANKING="false",
    ) as started:
        yield started


class App:
    """One user after the other, each with pictures of its own."""

    def __init__(self, client: Client, images: Path) -> None:
        self._client = client
        self._images = images
        self._number = 0

    def likes_red(self, user: str) -> ProfileUpdated:
        """The profile after three liked red pictures and three disliked blue ones."""
        paths = [self._next(color) for color in ("red", "blue") for _ in range(3)]

        def act() -> None:
            for path in paths:
                action = "reference_like" if "red" in path.name else "reference_dislike"
                self._client.act(user, action, path.name, uri=path.as_uri())

        return self._client.profile_when(
            user,
            lambda p: (p.evidence.liked, p.evidence.disliked) == (3, 3),
            after=act,
            seconds=TIMEOUT_SECONDS,
        )

    def feed(self, user: str, *, explain: str = "top") -> RankedFeed:
        slate = [self._next(color) for color in ("blue", "red") * 2]
        return self._client.rank(
            user, {p.name: p.as_uri() for p in slate}, explain=explain, seconds=TIMEOUT_SECONDS
        )

    def _next(self, color: str) -> Path:
        self._number += 1
        return self._images / f"{color}-{self._number % 80}.png"


@pytest.fixture(scope="module")
def app(stock_system: System, images: Path) -> Iterator[App]:
    with Client(stock_system.kafka) as client:
        yield App(client, images)


def assert_red_scores_higher(feed: RankedFeed) -> None:
    """By score: the ranks also explore, with swaps at random."""
    scores = {item.image_id: item.score or 0.0 for item in feed.items}
    red = [score for image_id, score in scores.items() if "red" in image_id]
    blue = [score for image_id, score in scores.items() if "blue" in image_id]
    assert (len(red), len(blue)) == (2, 2)
    assert min(red) > max(blue), scores


@pytest.mark.parametrize("write", ["json", "fenced", "prose", "thinking", "british", "text"])
def test_a_profile_is_complete_and_ranks_however_the_model_writes(
    app: App, model: StockModel, write: str
) -> None:
    model.write, model.scores = write, "digits"
    profile = app.likes_red(f"stock-{write}")
    assert profile.model_version == NAME
    assert [w.word for w in profile.preference[Element.COLOR]] == ["red"]
    assert [w.word for w in profile.non_preference[Element.COLOR]] == ["blue"]
    feed = app.feed(f"stock-{write}")
    assert feed.status == "ok"
    assert_red_scores_higher(feed)


@pytest.mark.parametrize("write", ["element_missing", "refusal", "other_language", "empty"])
def test_an_unusable_answer_gives_a_partial_profile_and_invents_nothing(
    app: App, model: StockModel, write: str
) -> None:
    model.write, model.scores = write, "digits"
    profile = app.likes_red(f"stock-{write}")
    assert profile.preference[Element.COLOR] == ()
    assert profile.non_preference[Element.COLOR] == ()
    feed = app.feed(f"stock-{write}")
    assert feed.status in ("ok", "cold_start")
    assert len(feed.items) == 4


@pytest.mark.parametrize("scores", ["spaced", "of_five", "words", "json"])
def test_scores_rank_however_they_are_written(app: App, model: StockModel, scores: str) -> None:
    model.write, model.scores = "json", scores
    app.likes_red(f"stock-scores-{scores}")
    feed = app.feed(f"stock-scores-{scores}", explain="none")
    assert feed.status == "ok"
    assert_red_scores_higher(feed)


@pytest.mark.parametrize("scores", ["refusal", "of_ten", "empty"])
def test_a_feed_without_readable_scores_is_degraded_with_the_reason(
    app: App, model: StockModel, scores: str
) -> None:
    model.write, model.scores = "json", "digits"
    app.likes_red(f"stock-scores-{scores}")
    model.scores = scores
    feed = app.feed(f"stock-scores-{scores}", explain="none")
    assert feed.status == "degraded"
    assert feed.degraded_reason is not None
    assert "has no scores" in feed.degraded_reason
    assert len(feed.items) == 4


def test_a_model_that_thinks_at_length_gives_whole_profiles_and_feeds(
    app: App, model: StockModel
) -> None:
    model.write, model.scores, model.thought_tokens = "json", "digits", 900
    try:
        profile = app.likes_red("stock-thinking-long")
        assert [w.word for w in profile.preference[Element.COLOR]] == ["red"]
        feed = app.feed("stock-thinking-long")
    finally:
        model.thought_tokens = 0
    assert feed.status == "ok"
    assert_red_scores_higher(feed)


def test_a_server_that_refuses_schemas_is_asked_freely(app: App, model: StockModel) -> None:
    model.write, model.scores, model.refuses_schemas = "fenced", "digits", True
    profile = app.likes_red("stock-without-schemas")
    assert [w.word for w in profile.preference[Element.COLOR]] == ["red"]
    assert app.feed("stock-without-schemas").status == "ok"


def test_rationales_in_the_feed_are_the_models_own_sentences(app: App, model: StockModel) -> None:
    model.write, model.scores = "json", "digits"
    app.likes_red("stock-rationales")
    shown = [item.elements for item in app.feed("stock-rationales").items if item.elements]
    reasons = {element.color.rationale for element in shown}
    assert "It shows red, which this person likes." in reasons


def test_feeds_are_degraded_at_once_while_the_server_fails_and_recover_with_it(
    app: App, model: StockModel
) -> None:
    model.write, model.scores, model.refuses_schemas = "json", "digits", False
    app.likes_red("stock-failing")
    model.fails_from = 0
    # The first failure of a feed cancels its other requests, so five feeds may be needed.
    end = time.monotonic() + TIMEOUT_SECONDS
    reason = ""
    while "times in a row" not in reason:
        feed = app.feed("stock-failing", explain="none")
        assert feed.status == "degraded"
        reason = feed.degraded_reason or ""
        assert time.monotonic() < end, reason
    requests = len(model.requests)
    model.fails_from = None
    while app.feed("stock-failing", explain="none").status != "ok":
        assert time.monotonic() < end
    assert len(model.requests) > requests
