"""Make image files of a simulated user with a known taste, and events about them."""

from pathlib import Path
from uuid import uuid4

from services.cli.demo.image_files import DemoFiles, make_demo_files
from shared.domain.clock import system_clock
from shared.events import Candidate, Feedback, ImageCandidates
from shared.events.types.feedback import Action


def story_files(folder: Path) -> DemoFiles:
    """Liked and disliked references and a slate, always of the same simulated user."""
    return make_demo_files(folder, seed=11)


def act(user: str, action: Action, path: Path) -> Feedback:
    """The event of an action on an image file."""
    return Feedback(
        event_id=uuid4(), occurred_at=system_clock(), user_id=user, type=action,
        image_id=path.name, uri=path.as_uri(),
    )  # fmt: skip


def request(
    user: str, paths: list[Path], *, request_id: str | None = None, explain: str = "top"
) -> ImageCandidates:
    """The event of a request to rank image files."""
    return ImageCandidates.model_validate(
        {
            "event_id": uuid4(),
            "occurred_at": system_clock(),
            "user_id": user,
            "request_id": request_id or str(uuid4()),
            "explain": explain,
            "candidates": tuple(Candidate(image_id=p.name, uri=p.as_uri()) for p in paths),
        }
    )
