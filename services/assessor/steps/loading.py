"""Sort a request's candidates into those to rank and those refused, before any image is loaded."""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.domain.errors import Unavailable, Unprocessable
from shared.events import Candidate, ImageCandidates, RejectedItem
from shared.images.loader import Loaded, LoadedImage


@dataclass(frozen=True)
class Entry:
    """One candidate whose image is in memory."""

    candidate: Candidate
    image: LoadedImage

    @property
    def image_id(self) -> str:
        return self.candidate.image_id


@dataclass(frozen=True)
class Slate:
    """What of a request can be ranked, in the order sent, and what cannot."""

    entries: tuple[Entry, ...]
    rejected: tuple[RejectedItem, ...]


def wanted(request: ImageCandidates) -> tuple[list[Candidate], list[RejectedItem]]:
    """The candidates to load: without the excluded, and each id once."""
    excluded = set(request.exclude_ids)
    seen: set[str] = set()
    candidates: list[Candidate] = []
    repeated: list[RejectedItem] = []
    for candidate in request.candidates:
        if candidate.image_id in excluded:
            continue
        if candidate.image_id in seen:
            repeated.append(
                RejectedItem(
                    image_id=candidate.image_id,
                    reason="duplicate_image_id: another candidate of this request has this id;"
                    " the first one is ranked",
                )
            )
            continue
        seen.add(candidate.image_id)
        candidates.append(candidate)
    return candidates, repeated


def slate(
    candidates: Sequence[Candidate], loaded: Sequence[Loaded], repeated: Sequence[RejectedItem]
) -> Slate:
    """Candidates with their images; one bad image is listed, the rest are ranked."""
    entries: list[Entry] = []
    rejected = list(repeated)
    for candidate, found in zip(candidates, loaded, strict=True):
        if isinstance(found, LoadedImage):
            entries.append(Entry(candidate, found))
        else:
            rejected.append(RejectedItem(image_id=candidate.image_id, reason=_reason(found)))
    return Slate(tuple(entries), tuple(rejected))


def _reason(refusal: Unprocessable | Unavailable) -> str:
    slug = refusal.reason if isinstance(refusal, Unprocessable) else "not_available"
    return f"{slug}: {refusal.detail}"[:4000]
