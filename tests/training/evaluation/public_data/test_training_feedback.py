"""The feedback of an import builds the dataset of a training job."""

import json
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from shared.events.topics import topic_named
from shared.images.loader import ImageLoader
from shared.images.settings import ImageSettings
from tests.training.dataset.world import NOW, SHOWN, SMALL, World
from tests.training.evaluation.public_data import imported, layouts
from training.dataset.build import build
from training.job.scoring.feedback_cases import read_feedback_cases

HELD_OUT = replace(SMALL, held_out_users=0.3, later_share=0.2, later_days=0.0)


def _into(world: World, events: list[dict[str, object]]) -> None:
    """As the command sends them: each phase after the one before."""
    for line in events:
        kind = topic_named(str(line["topic"])).event
        at = SHOWN if line["phase"] == "references" else SHOWN + timedelta(seconds=1)
        assert kind is not None
        world.raw(kind, json.dumps(line["event"]).encode(), at)
    world.write()


def test_a_dataset_is_built_from_it(tmp_path: Path) -> None:
    file = layouts.write_pamela(tmp_path, users=6)
    out = tmp_path / "out"
    (summary,) = imported.run("pamela", file, out=out).sets
    lines = imported.events(out, "PAMELA")
    assert len(lines) == summary.events == 6 * (8 + 4 * (1 + 2 + 1))
    world = World(tmp_path / "lake")
    _into(world, lines)
    loader = ImageLoader(ImageSettings(allowed_file_roots=(out,)))
    dataset = build(str(world.lake), tmp_path / "dataset", loader, now=NOW, settings=HELD_OUT)
    assert sum(dataset.counts.values()) == summary.pairs == 24
    assert dataset.counts["train"]
    assert dataset.counts["held_out"]
    truth = {
        (row["user_id"], frozenset((row["imageA"], row["imageB"])))
        for row in imported.rows(out, "PAMELA")
    }
    assert len(truth) == 24
    for name in ("train", "later", "held_out"):
        for case in read_feedback_cases(tmp_path / "dataset" / f"{name}.jsonl"):
            assert (len(case.liked), len(case.disliked)) == (4, 4)
            assert not {case.better, case.worse} & {*case.liked, *case.disliked}
            assert case.user.startswith("bench/w")
    kinds = Counter(
        json.loads(line)["kind"]
        for name in ("train", "later", "held_out")
        for line in (tmp_path / "dataset" / f"{name}.jsonl").read_text().splitlines()
    )
    assert kinds == {"fair": 24}


def test_the_same_import_gives_the_same_ids(tmp_path: Path) -> None:
    file = layouts.write_flickr_aes(tmp_path)
    for name in ("a", "b"):
        imported.run("flickr-aes", file, out=tmp_path / name)
    ids = [
        [line["event"]["event_id"] for line in imported.events(tmp_path / name, "FLICKR_AES")]
        for name in ("a", "b")
    ]
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == len(ids[0])


def test_the_orders_of_pairs_are_a_fair_coin(tmp_path: Path) -> None:
    file = layouts.write_flickr_aes(tmp_path, users=6)
    imported.run("flickr-aes", file, out=tmp_path / "out")
    liked = {
        (line["event"]["request_id"], line["event"]["image_id"])
        for line in imported.events(tmp_path / "out", "FLICKR_AES")
        if line["event"].get("type") == "like"
    }
    feeds = [
        line["event"]
        for line in imported.events(tmp_path / "out", "FLICKR_AES")
        if line["topic"] == "feed.ranked.v1"
    ]
    first = sum((feed["request_id"], feed["items"][0]["image_id"]) in liked for feed in feeds)
    assert len(feeds) == 24
    assert 4 <= first <= 20  # outside: less than one in a thousand
