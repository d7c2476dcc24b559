"""Requests with bad candidates are collected, and the others of their images are trained on."""

import json
from pathlib import Path
from uuid import uuid4

from shared.events import ImageCandidates
from tests.training.dataset.cases import ranks
from tests.training.dataset.world import SHOWN, World


def raw_request(*candidates: object) -> bytes:
    """A request as a stranger sends it."""
    fields = {
        "event_id": str(uuid4()),
        "occurred_at": SHOWN.isoformat(),
        "user_id": "ada",
        "request_id": str(uuid4()),
        "candidates": candidates,
    }
    return json.dumps(fields).encode()


def test_bad_candidates_do_not_hide_the_address_of_the_good_ones(
    world: World, tmp_path: Path
) -> None:
    bad = ({"image_id": "x", "uri": "\x00"}, {"image_id": "y"}, {"image_id": "z", "uri": "\ud83d"})
    world.slate("ab")
    world.raw(ImageCandidates, raw_request(*bad, {"image_id": "a", "uri": "mem:a\n"}))
    world.raw(ImageCandidates, raw_request(*bad))
    world.raw(ImageCandidates, raw_request({"image_id": "b", "uri": ""}))
    world.act("view", "a", "b")
    world.act("click", "b")
    world.build(tmp_path)
    assert ranks(tmp_path) == {(2, 1)}
