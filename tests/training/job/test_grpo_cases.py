"""GRPO's prompts come from every user alike, and no reference judges its own profile."""

import json
from pathlib import Path
from typing import Any

import pytest

from training.job.examples.grpo_cases import (
    GRPO_CASES,
    MAX_IMAGES,
    MAX_PAIRS,
    MIN_PAIRS,
    PROMPTS_PER_USER,
    WrittenCases,
    write_grpo_cases,
)

Line = dict[str, Any]
TASTE = {"likes": {"color": ["red"]}, "dislikes": {}}


def pair(user: str, better: str, worse: str, *, liked: list[str], **changes: Any) -> Line:
    return {
        "user": user, "source": "clicks", "liked": liked, "disliked": [], "better": better,
        "worse": worse, "profile": None, "truth": None, "weight": 1.0, **changes,
    }  # fmt: skip


def pairs(user: str, count: int, *, liked: list[str]) -> list[Line]:
    """Pairs of four clicked images and others."""
    return [pair(user, f"{user}-c{n % 4}", f"{user}-s{n // 4}", liked=liked) for n in range(count)]


def write(folder: Path, lines: list[Line], hindsight: list[Line] | None = None) -> WrittenCases:
    for name, rows in (("train", lines), ("hindsight", hindsight or [])):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return write_grpo_cases(folder, seed=3)


def written(folder: Path) -> list[Line]:
    return [json.loads(line) for line in (folder / GRPO_CASES).read_text().splitlines()]


def test_a_prompt_is_judged_by_pairs_without_its_references(tmp_path: Path) -> None:
    lines = [*pairs("a", 16, liked=["a-c0", "r1"]), *pairs("a", 8, liked=["r2"])]
    result = write(tmp_path, lines)
    assert (result.prompts, result.users, result.with_truth) == (2, 1, 0)
    for case in written(tmp_path):
        shown = {*case["liked"], *case["disliked"]}
        images = [file for judge in case["judged_by"] for file in (judge["better"], judge["worse"])]
        assert not shown & set(images)
        assert MIN_PAIRS <= len(case["judged_by"]) <= MAX_PAIRS
        assert len(set(images)) <= MAX_IMAGES
        assert case["tasks"] == ["predict"]
        assert case["weight"] == len(case["judged_by"]) / MAX_PAIRS


def test_users_with_fewer_than_five_other_pairs_are_left_out_and_counted(tmp_path: Path) -> None:
    lines = [*pairs("few", 4, liked=["r"]), *pairs("enough", 5, liked=["r"])]
    lines += pairs("own", 12, liked=[f"own-c{n}" for n in range(4)])  # all pairs hold a reference
    lines += pairs("blank", 9, liked=[])  # nothing to predict from
    result = write(tmp_path, lines)
    assert {case["user"] for case in written(tmp_path)} == {"enough"}
    assert (result.users, result.too_few) == (1, 3)
    assert "3 users have fewer than 5 other pairs" in result.summary


def test_a_user_with_half_of_all_pairs_gets_no_more_prompts_than_the_limit(tmp_path: Path) -> None:
    lines = [line for n in range(30) for line in pairs("half", 6, liked=[f"r{n}"])]
    lines += [line for n in range(30) for line in pairs(f"u{n}", 6, liked=["r"])]
    write(tmp_path, lines)
    users = [case["user"] for case in written(tmp_path)]
    assert users.count("half") == PROMPTS_PER_USER
    assert len(set(users)) == 31


def test_the_truth_is_the_hindsight_profile_and_its_references_come_first(tmp_path: Path) -> None:
    lines = [line for n in range(9) for line in pairs("a", 6, liked=[f"r{n}", f"s{n}"])]
    lines += pairs("b", 6, liked=["r"])
    hindsight = {"user": "a", "liked": ["h"], "disliked": [], "taste": TASTE}
    result = write(tmp_path, lines, [hindsight])
    by_user = {"a": [], "b": []}  # type: dict[str, list[Line]]
    for case in written(tmp_path):
        by_user[case["user"]].append(case)
    assert [case["truth"] for case in by_user["b"]] == [None]
    assert all(case["truth"] == TASTE for case in by_user["a"])
    assert ["h"] in [case["liked"] for case in by_user["a"]]
    assert result.with_truth == PROMPTS_PER_USER


def test_simulated_cases_are_a_fifth_and_keep_their_own_pair(tmp_path: Path) -> None:
    lines = [line for n in range(40) for line in pairs(f"u{n}", 6, liked=["r"])]
    lines += [
        pair(f"p{n}", "x", "y", liked=["z"], source="prefersim", truth=TASTE, profile=TASTE)
        for n in range(90)
    ]
    result = write(tmp_path, lines)
    assert (result.prompts, result.simulated) == (40, 10)
    simulated = [case for case in written(tmp_path) if case["source"] == "prefersim"]
    assert len(simulated) == 10
    assert all("judged_by" not in case and case["profile"] == TASTE for case in simulated)


def test_without_clicks_there_are_only_simulated_cases(tmp_path: Path) -> None:
    result = write(tmp_path, [])
    assert (result.prompts, result.users, result.simulated) == (0, 0, 0)
    assert written(tmp_path) == []


def test_the_same_seed_writes_the_same_cases(tmp_path: Path) -> None:
    lines = [line for n in range(20) for line in pairs(f"u{n}", 12, liked=["r", f"s{n}"])]
    write(tmp_path, lines)
    first = written(tmp_path)
    write(tmp_path, lines)
    assert written(tmp_path) == first


@pytest.mark.parametrize("weight", [0.0, 5.0])
def test_heavier_pairs_judge_more_often(tmp_path: Path, weight: float) -> None:
    lines = pairs("a", 16, liked=["r"])
    lines[3]["weight"] = weight
    for line in lines[4:]:
        line["weight"] = 0.001
    write(tmp_path, lines)
    (case,) = written(tmp_path)
    judges = {(judge["better"], judge["worse"]): judge["weight"] for judge in case["judged_by"]}
    assert (judges.get(("a-c3", "a-s0"), 0.0) == 5.0) == (weight > 0)
