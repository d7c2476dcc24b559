"""Reject the candidates of a request that break the contract, and keep the others.

One stranger's image must not cost a user the whole feed.
"""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from pydantic import ValidationError

from shared.events.types.candidates import MAX_CANDIDATES, Candidate, RejectedItem
from shared.events.types.fields import now_context
from shared.events.wire.validation_problems import describe_problems

BAD_URI: Final = "bad_uri"
BAD_CANDIDATE: Final = "bad_candidate"
SURROGATE: Final = re.compile(r"[\ud800-\udfff]")


def without_bad_candidates(
    fields: Mapping[str, Any], *, now: datetime | None = None
) -> dict[str, Any] | None:
    """The fields of a request with its bad candidates in `rejected`; None without any.

    A candidate without a valid `image_id` stays: it cannot be named, so its request is refused.
    """
    candidates, rejected = fields.get("candidates"), fields.get("rejected", [])
    if not isinstance(candidates, list) or not isinstance(rejected, list):
        return None
    if len(candidates) > MAX_CANDIDATES:
        return None
    good, bad = [], []
    for candidate in candidates:
        item = _rejection(candidate, now)
        if item is None:
            good.append(candidate)
        else:
            bad.append(item.model_dump(mode="json"))
    return {**fields, "candidates": good, "rejected": [*rejected, *bad]} if bad else None


def rejected_candidate(image_id: object, reason: str) -> RejectedItem | None:
    """The rejection of a candidate; None when its `image_id` is not valid."""
    try:
        # As JSON text, which is validated like an event: a number is no id.
        text = json.dumps({"image_id": image_id, "reason": reason})
        return RejectedItem.model_validate_json(text, strict=True)
    except ValidationError:
        return None


def rejection_reason(error: ValidationError) -> str:
    """Slug and description of what is wrong with a candidate."""
    in_uri = all(problem["loc"][:1] == ("uri",) for problem in error.errors(include_url=False))
    return f"{BAD_URI if in_uri else BAD_CANDIDATE}: {describe_problems(error)}"


def _rejection(candidate: object, now: datetime | None) -> RejectedItem | None:
    if not isinstance(candidate, dict):
        return None
    # Pydantic reads no JSON with lone surrogates, so it would not say which field has them.
    broken = [name for name, value in candidate.items() if _has_surrogates(value)]
    if broken:
        slug = BAD_URI if broken == ["uri"] else BAD_CANDIDATE
        reason = f"{slug}: {broken[0][:40]}: contains lone surrogates; send plain Unicode text"
        return rejected_candidate(candidate.get("image_id"), reason)
    try:
        Candidate.model_validate_json(json.dumps(candidate), strict=True, context=now_context(now))
    except ValidationError as error:
        return rejected_candidate(candidate.get("image_id"), rejection_reason(error))
    return None


def _has_surrogates(value: object) -> bool:
    match value:
        case str():
            return SURROGATE.search(value) is not None
        case dict():
            return any(_has_surrogates(part) for pair in value.items() for part in pair)
        case list():
            return any(map(_has_surrogates, value))
        case _:
            return False
