"""Read what the earlier nights of a candidate measured, from the evidence of the last of them."""

import json
from dataclasses import dataclass
from pathlib import Path

from training.gate.evidence import evidence_from_json
from training.gate.nights.end_to_end import EarlierNight
from training.gate.nights.gains import user_gains
from training.gate.rules import Rules


class UnreadableEvidence(Exception):
    """The evidence of an earlier night cannot be used; the message names the file and the
    problem."""


@dataclass(frozen=True)
class EarlierNights:
    """Nights on which a candidate was judged before; none for a new one."""

    nights: tuple[EarlierNight, ...] = ()
    """Oldest first."""
    until: int = 0
    """End of the feedback that they used, microseconds since the epoch."""

    @property
    def pairs(self) -> int:
        return sum(night.pairs for night in self.nights)


def earlier_nights(file: Path, *, champion: str) -> EarlierNights:
    """All nights up to that of the file.

    Only each person's gain is carried on, without a name. Raises `UnreadableEvidence`, also where
    the evidence is against another champion.
    """
    try:
        evidence = evidence_from_json(json.loads(file.read_text(encoding="utf-8")))
    except OSError as error:
        raise UnreadableEvidence(f"{file} cannot be read: {error.strerror}") from error
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise UnreadableEvidence(f"{file} is not evidence: {error!r}") from error
    predicted = evidence.end_to_end
    if predicted is None or evidence.champion != champion:
        raise UnreadableEvidence(f"{file} has no pairs of predictions against {champion}")
    night = EarlierNight(
        job=file.parent.name,
        challenger=evidence.challenger,
        pairs=predicted.pairs.pairs,
        gains=tuple(round(float(gain), 6) for gain in user_gains(predicted.pairs, Rules())),
    )
    return EarlierNights((*predicted.earlier, night), predicted.until)
