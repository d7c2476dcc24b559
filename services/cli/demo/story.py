"""Tell the demo's story through Kafka, as an app would: likes, a feed, clicks, another feed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from services.cli.demo.image_files import DemoFiles
from shared.client.send_events import send_events
from shared.client.topic_reader import events_of, topic_reader
from shared.domain.clock import Clock
from shared.events import Candidate, Feedback, ImageCandidates, ProfileUpdated, RankedFeed
from shared.events.topics import CANDIDATES, FEEDS, PROFILES, Topic, topic_named
from shared.events.types.feedback import Action
from shared.events.wire.record import Outgoing
from shared.messaging.client.connection import Kafka
from shared.messaging.client.producer import send_once

MALFORMED = b'{"user_id": "someone", "candidates": "none at all"'
CLICKS = 4
"""Images of the new style that the user clicks on: enough for a taste of their own."""


class DemoTimeout(Exception):
    """The system did not answer in time; the text says what was awaited."""


@dataclass(frozen=True)
class DemoDeadLetter:
    """A dead letter as the demo found it."""

    reason: str
    detail: str


@dataclass(frozen=True)
class Story:
    """Everything that happened, in order."""

    user: str
    first_profile: ProfileUpdated
    first_feed: RankedFeed
    set_aside: DemoDeadLetter
    clicked: tuple[str, ...]
    second_profile: ProfileUpdated
    second_feed: RankedFeed


@dataclass(frozen=True)
class DemoApp:
    """An app for the length of a story: one user, one cluster, and patience in seconds."""

    kafka: Kafka
    user: str
    clock: Clock
    patience_seconds: float
    address: Callable[[Path], str]
    """Turns an image file into the address that goes into an event."""

    def act(
        self, action: Action, files: Sequence[Path], *, likes: int, on: RankedFeed | None = None
    ) -> ProfileUpdated:
        """Send one action for each image; the profile once it rests on `likes` liked images.

        Actions on a feed name the request that it answered, which ties a click to its slate.
        """
        request_id = on.request_id if on else None
        events = [
            Feedback(
                event_id=uuid4(), occurred_at=self.clock(), user_id=self.user, type=action,
                image_id=path.name, uri=self.address(path), request_id=request_id,
            )
            for path in files
        ]  # fmt: skip
        with topic_reader(self.kafka, PROFILES) as profiles:
            send_events(self.kafka, events)
            for profile in events_of(
                profiles.records_for(seconds=self.patience_seconds), ProfileUpdated
            ):
                if profile.user_id == self.user and profile.evidence.liked >= likes:
                    return profile
        raise DemoTimeout(f"no profile from {len(files)} {action} in {self.patience_seconds:g} s")

    def look_at(self, feed: RankedFeed) -> None:
        """Say of every image of a feed that it was seen, and where it stood."""
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

    def rank(self, files: Sequence[Path], *, spoil: bool = False) -> RankedFeed:
        """Send a slate, with a malformed event right before it if asked; the feed that answers."""
        request = ImageCandidates(
            event_id=uuid4(), occurred_at=self.clock(), user_id=self.user,
            request_id=str(uuid4()), explain="all",
            candidates=tuple(
                Candidate(image_id=path.name, uri=self.address(path)) for path in files
            ),
        )  # fmt: skip
        with topic_reader(self.kafka, FEEDS) as feeds:
            if spoil:
                send_once(self.kafka, Outgoing(CANDIDATES.name, self.user.encode(), MALFORMED))
            send_events(self.kafka, [request])
            for feed in events_of(feeds.records_for(seconds=self.patience_seconds), RankedFeed):
                if feed.request_id == request.request_id:
                    return feed
        raise DemoTimeout(f"no feed for {len(files)} candidates in {self.patience_seconds:g} s")

    def find_dead_letter(self, topic: Topic) -> DemoDeadLetter:
        """The latest dead letter of this user from a topic."""
        letters = topic_named(topic.dead_letters)
        with topic_reader(self.kafka, letters, from_beginning=True) as reader:
            for record in reader.records_for(seconds=self.patience_seconds):
                if record.key == self.user.encode() and record.value == MALFORMED:
                    headers = {name: (value or b"").decode() for name, value in record.headers}
                    return DemoDeadLetter(headers.get("x-error", ""), headers.get("x-detail", ""))
        raise DemoTimeout(f"the malformed event did not reach {letters.name}")


def tell(teller: DemoApp, files: DemoFiles, *, say: Callable[[str], None]) -> Story:
    """The whole story; raises `DemoTimeout` where the system stays silent."""
    say(f"the user likes {len(files.liked)} images and dislikes {len(files.disliked)}")
    teller.act("reference_dislike", files.disliked, likes=0)
    first_profile = teller.act("reference_like", files.liked, likes=len(files.liked))
    say(f"a slate of {len(files.slate)} candidates goes in, and a malformed event among them")
    first_feed = teller.rank(files.slate, spoil=True)
    set_aside = teller.find_dead_letter(CANDIDATES)
    new = [path for path in files.slate if path.name in files.names("new")][:CLICKS]
    say(f"the user clicks on {len(new)} images of a style that was neither liked nor disliked")
    teller.look_at(first_feed)
    second_profile = teller.act("click", new, likes=len(files.liked) + len(new), on=first_feed)
    say("the same slate goes in again")
    second_feed = teller.rank(files.slate)
    return Story(
        teller.user, first_profile, first_feed, set_aside, tuple(p.name for p in new),
        second_profile, second_feed,
    )  # fmt: skip
