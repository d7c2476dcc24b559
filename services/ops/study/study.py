"""One blind test: its pictures, the marks and choices of a person, and the fixed predictions."""

import asyncio
import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

from services.ops.study.commitment import Commitment, Side
from services.ops.study.pairs import MIN_PICTURES as MIN_COMPARED

MARKS: Final = 10
MIN_OF_SIDE: Final = 3
"""Likes and dislikes without which a taste has nothing to compare."""
MIN_PICTURES: Final = MARKS + MIN_COMPARED
MAX_PICTURES: Final = 60
"""Pictures of one test: about 5 MB in memory."""
MAX_URI_CHARACTERS: Final = 400_000
"""A picture as a page sends it has at most 512 pixels a side, which is a quarter of this."""
Mark = Literal["liked", "disliked"]
Step = Literal["mark", "compare", "result"]


class StudyError(Exception):
    """A step that is not possible now; the text says what to do."""


@dataclass(frozen=True)
class StudyPicture:
    """One picture of a test. Its id is a salted hash, which nobody can compare with other files."""

    picture_id: str
    uri: str
    """A `data:` address; the picture stays in memory."""
    alt: str


@dataclass
class Study:
    """The state of one test, which its token names. It is in memory and nowhere else."""

    tenant: str
    started_at: datetime
    is_own: bool
    """Whether the pictures are the person's own, and not the samples."""
    token: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    salt: str = field(default_factory=lambda: secrets.token_hex(16))
    pictures: dict[str, StudyPicture] = field(default_factory=dict)
    rejected: list[str] = field(default_factory=list)
    """Why pictures were not taken."""
    marks: dict[str, Mark] = field(default_factory=dict)
    marks_are_sent: bool = False
    """Whether the taste is being predicted from the marks; then they can no longer change."""
    commitment: Commitment | None = None
    served_by: Mapping[str, object] = field(default_factory=dict)
    """Versions of model and profile, and the weight of the subject."""
    choices: list[Side] = field(default_factory=list)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while predictions are made: two tabs must not make them twice."""

    @property
    def user_id(self) -> str:
        """The user of the test; the token cannot be derived from it."""
        return f"study-{hashlib.sha256(self.token.encode()).hexdigest()[:12]}"

    @property
    def step(self) -> Step:
        if self.commitment is None:
            return "mark"
        return "compare" if len(self.choices) < len(self.commitment.pairs) else "result"

    def add(self, uri: str, alt: str) -> None:
        """Add a picture; an equal one is added once. Raises `StudyError`."""
        if self.marks_are_sent:
            raise StudyError("The marks are sent; start a new test for new pictures.")
        picture_id = hashlib.sha256(f"{self.salt} {uri}".encode()).hexdigest()[:16]
        if picture_id not in self.pictures and len(self.pictures) >= MAX_PICTURES:
            raise StudyError(
                f"A test has at most {MAX_PICTURES} pictures; the others are left out."
            )
        self.pictures.setdefault(picture_id, StudyPicture(picture_id, uri, alt))

    def mark(self, picture_id: str, side: Mark | None) -> None:
        """Like or dislike a picture, or take the mark back; raises `StudyError`."""
        if self.marks_are_sent:
            raise StudyError("The marks are sent and can no longer change; press Continue again.")
        if picture_id not in self.pictures:
            raise StudyError("This picture is not part of the test.")
        self.marks.pop(picture_id, None)
        if side is not None:
            if len(self.marks) >= MARKS:
                raise StudyError(f"{MARKS} pictures are marked; take a mark back to change one.")
            self.marks[picture_id] = side

    def marked(self, side: Mark) -> list[str]:
        return [picture_id for picture_id, of in self.marks.items() if of == side]

    def unmarked(self) -> list[str]:
        return [picture_id for picture_id in self.pictures if picture_id not in self.marks]

    def missing(self) -> str | None:
        """What is missing before pairs can be shown, or None."""
        if len(self.pictures) < MIN_PICTURES:
            return (
                f"This test has {len(self.pictures)} pictures; {MIN_PICTURES} are needed. Add"
                f" {MIN_PICTURES - len(self.pictures)} more."
            )
        liked, disliked = len(self.marked("liked")), len(self.marked("disliked"))
        if liked + disliked < MARKS:
            return f"Mark {MARKS - liked - disliked} more."
        if min(liked, disliked) < MIN_OF_SIDE:
            side = "like" if liked < disliked else "dislike"
            return f"{side.capitalize()} at least {MIN_OF_SIDE} pictures."
        return None

    def choose(self, number: int, side: Side) -> None:
        """Choose in the pair of this number, from 0; a repeated choice of a pair changes nothing.

        Raises `StudyError`.
        """
        if self.commitment is None:
            raise StudyError("The pairs of this test are not drawn yet; mark pictures first.")
        if number > len(self.choices) or number >= len(self.commitment.pairs):
            raise StudyError("This pair is not shown yet; reload the page.")
        if number == len(self.choices):
            self.choices.append(side)


def add_all(study: Study, pictures: Sequence[tuple[str, str]]) -> None:
    """Add pictures, (address, text) each; a picture too many is left out with a reason."""
    for uri, alt in pictures:
        try:
            study.add(uri, alt)
        except StudyError as error:
            if str(error) not in study.rejected:
                study.rejected.append(str(error))
