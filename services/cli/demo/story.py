"""Run the demo through Kafka as an app does: likes, a feed, clicks, another feed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from services.cli.demo.image_files import DemoFiles
from services.cli.demo.scenario import Scenario, ScenarioResult
from shared.client.send_events import send_events
from shared.client.topic_reader import events_of, topic_reader
from shared.domain.clock import Clock
from shared.events import (
    DEFAULT_TENANT,
    Candidate,
    Feedback,
    ImageCandidates,
    ProfileUpdated,
    RankedFeed,
)
from shared.events.topics import CANDIDATES, FEEDS, PROFILES, Topic, topic_named
from shared.events.types.feedback import Action
from shared.events.wire.record import Outgoing
from shared.messaging.client.connection import Kafka
from shared.messaging.client.producer import send_once

MALFORMED = b'{"user_id": "someone", "candidates": "none at all"'
CLICKS = 4
"""Clicked images of the new style: enough for the profile to learn it."""


class DemoTimeout(Exception):
    """The system did not answer in time; the text says which answer is missing."""


@dataclass(frozen=True)
class DemoDeadLetter:
    """Why the malformed event of the demo became a dead letter."""

    reason: str
    detail: str


@dataclass(frozen=True)
class DemoResult:
    """Profiles, feeds and clicks of the demo, in order."""

    user: str
    first_profile: ProfileUpdated
    first_feed: RankedFeed
    dead_letter: DemoDeadLetter
    clicked: tuple[str, ...]
    second_profile: ProfileUpdated
    second_feed: RankedFeed


@dataclass(frozen=True)
class DemoApp:
    """The app of the demo: one user, one cluster, and a timeout for each answer."""

    kafka: Kafka
    user: str
    clock: Clock
    timeout_seconds: float
    image_uri: Callable[[Path], str]
    """Turns an image file into the URI that goes into an event."""

    def act(
        self, action: Action, files: Sequence[Path], *, likes: int, on: RankedFeed | None = None
    ) -> ProfileUpdated:
        """Send one action per image; returns the profile that uses at least `likes` liked images.

        Actions on a feed carry its request id, which links a click to its slate.
        """
        request_id = on.request_id if on else None
        events = [self._feedback(action, path, request_id) for path in files]
        return self._profile_after(events, likes=likes, what=f"{len(files)} {action} events")

    def show_references(self, *, liked: Sequence[Path], disliked: Sequence[Path]) -> ProfileUpdated:
        """Send all references of the user; returns the profile that uses every one of them."""
        sides: tuple[tuple[Action, Sequence[Path]], ...] = (
            ("reference_dislike", disliked), ("reference_like", liked),
        )  # fmt: skip
        events = [self._feedback(action, path) for action, paths in sides for path in paths]
        return self._profile_after(
            events, likes=len(liked), dislikes=len(disliked), what=f"{len(events)} references"
        )

    def _feedback(self, action: Action, path: Path, request_id: str | None = None) -> Feedback:
        return Feedback(
            event_id=uuid4(), occurred_at=self.clock(), user_id=self.user, type=action,
            image_id=path.name, uri=self.image_uri(path), request_id=request_id,
        )  # fmt: skip

    def _profile_after(
        self, events: Sequence[Feedback], *, likes: int, dislikes: int = 0, what: str
    ) -> ProfileUpdated:
        with topic_reader(self.kafka, PROFILES) as profiles:
            send_events(self.kafka, events)
            for profile in events_of(
                profiles.records_for(seconds=self.timeout_seconds), ProfileUpdated
            ):
                is_own = (profile.tenant, profile.user_id) == (DEFAULT_TENANT, self.user)
                evidence = profile.evidence
                if is_own and evidence.liked >= likes and evidence.disliked >= dislikes:
                    return profile
        raise DemoTimeout(f"no profile for {what} within {self.timeout_seconds:g} s")

    def send_views(self, feed: RankedFeed) -> None:
        """Send an impression of each image of a feed, with its position."""
        send_events(
            self.kafka,
            [
                Feedback(
                    event_id=uuid4(), occurred_at=self.clock(), user_id=self.user, type="view",
                    image_id=item.image_id, request_id=feed.request_id, position=item.rank,
                )
                for item in feed.items
            ],
        )  # fmt: skip

    def rank(self, files: Sequence[Path], *, with_malformed_event: bool = False) -> RankedFeed:
        """Send a slate, if wanted after a malformed event, and return the feed that answers it."""
        request = ImageCandidates(
            event_id=uuid4(), occurred_at=self.clock(), user_id=self.user,
            request_id=str(uuid4()), explain="all",
            candidates=tuple(
                Candidate(image_id=path.name, uri=self.image_uri(path)) for path in files
            ),
        )  # fmt: skip
        with topic_reader(self.kafka, FEEDS) as feeds:
            if with_malformed_event:
                send_once(self.kafka, Outgoing(CANDIDATES.name, self.user.encode(), MALFORMED))
            send_events(self.kafka, [request])
            for feed in events_of(feeds.records_for(seconds=self.timeout_seconds), RankedFeed):
                if feed.answers(request):
                    return feed
        raise DemoTimeout(f"no feed for {len(files)} candidates within {self.timeout_seconds:g} s")

    def find_dead_letter(self, topic: Topic) -> DemoDeadLetter:
        """Dead letter of the malformed event in the dead-letter topic of `topic`."""
        dead_letters = topic_named(topic.dead_letters)
        with topic_reader(self.kafka, dead_letters, from_beginning=True) as reader:
            for record in reader.records_for(seconds=self.timeout_seconds):
                if record.key == self.user.encode() and record.value == MALFORMED:
                    headers = {name: (value or b"").decode() for name, value in record.headers}
                    return DemoDeadLetter(headers.get("x-error", ""), headers.get("x-detail", ""))
        raise DemoTimeout(f"the malformed event did not reach {dead_letters.name}")


def run_scenario(app: DemoApp, scenario: Scenario) -> ScenarioResult:
    """Send the references of a user and a slate; raises `DemoTimeout` when no answer comes."""
    profile = app.show_references(liked=scenario.liked, disliked=scenario.disliked)
    return ScenarioResult(scenario, app.user, profile, app.rank(scenario.slate))


def run_demo(app: DemoApp, files: DemoFiles, *, on_progress: Callable[[str], None]) -> DemoResult:
    """Run all steps of the demo; raises `DemoTimeout` when an answer does not come."""
    on_progress(f"the user likes {len(files.liked)} images and dislikes {len(files.disliked)}")
    app.act("reference_dislike", files.disliked, likes=0)
    first_profile = app.act("reference_like", files.liked, likes=len(files.liked))
    on_progress(f"sending a malformed event and a slate of {len(files.slate)} candidates")
    first_feed = app.rank(files.slate, with_malformed_event=True)
    dead_letter = app.find_dead_letter(CANDIDATES)
    new = [path for path in files.slate if path.name in files.names("new")][:CLICKS]
    on_progress(f"the user clicks on {len(new)} images of a new style (neither liked nor disliked)")
    app.send_views(first_feed)
    second_profile = app.act("click", new, likes=len(files.liked) + len(new), on=first_feed)
    on_progress("sending the same slate again")
    second_feed = app.rank(files.slate)
    return DemoResult(
        app.user, first_profile, first_feed, dead_letter, tuple(path.name for path in new),
        second_profile, second_feed,
    )  # fmt: skip
