"""What SFT and GRPO train is what serving reads, in each prompt style."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from llguidance import LLMatcher

from shared.domain.taste import ELEMENTS
from shared.prompting.styles.protocol import PromptStyle, Task
from shared.prompting.styles.registry import COMPACT, GENERAL
from shared.vlm.checkpoint.checkpoint import MANIFEST, shipped_folder
from shared.vlm.checkpoint.model_package import read_model_package
from shared.vlm.engine.answer_grammar import grammar_of
from shared.vlm.engine.answer_layout import PLACEHOLDER_DIGIT, answer_layout
from shared.vlm.engine.chosen_digits import ChosenDigits
from shared.vlm.engine.transformers_engine import TransformersEngine
from shared.vlm.settings import ModelSettings
from tests.fakes.official_model import TEMPLATE, preferthinker
from tests.training.finetuning import tiny_runs
from tests.training.tiny_checkpoints.architectures import write_checkpoint
from training.finetuning.data.rows import grpo_rows, sft_row
from training.finetuning.data.simulated import TASKS, draw_cases, examples
from training.finetuning.data.styled_examples import predict_task, taste_of
from training.finetuning.merge import merge
from training.finetuning.run.config import BadConfig, Policy
from training.finetuning.run.policy import load_policy, policy_style
from training.finetuning.sft.held_digits import HeldDigits
from training.finetuning.sft.train import train_sft
from training.prefersim.users.true_answers import score_elements

pytestmark = pytest.mark.model
CASES = list(draw_cases(15, seed=5))
ROWS = len(CASES) * len(TASKS)
STYLES = {"compact": COMPACT, "general": GENERAL, "preferthinker": preferthinker()}


class Served:
    """The serving engine of one style, and the processor of a training of the same folder."""

    def __init__(self, folder: Path, style: PromptStyle) -> None:
        loaded = load_policy(Policy(base=folder), on_cpu=True)
        self.style = style
        self.engine = TransformersEngine(folder, device="cpu", prompt_style=style)
        self.processor = loaded.processor
        self.fit = loaded.fit

    def ids(self, task: Task, images: Any, *, with_answer_prefix: bool) -> list[int]:
        """The tokens that serving gives to the model before it answers."""
        encoded = self.engine._encoded(
            [task.prompt], [images], with_answer_prefix=with_answer_prefix
        )
        ids: list[int] = encoded["input_ids"][0].tolist()
        return ids


MODELS = [
    ("compact", "nano"),
    ("general", "qwen2_5_vl"),
    ("general", "llava"),
    ("preferthinker", "qwen2_5_vl"),
]
"""Style and model: nano, and random models with Qwen's and another tokenizer and template."""


@pytest.fixture(scope="module", params=MODELS, ids="-".join)
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Served:
    style, model = request.param
    if model == "nano":
        return Served(shipped_folder(), STYLES[style])
    folder = write_checkpoint(model, tmp_path_factory.mktemp("tiny"))
    return Served(folder, STYLES[style])


def served_tasks(style: PromptStyle) -> Iterator[tuple[str, Task, Any]]:
    """Name, serving task and images of each example, in the order of `sft_examples`."""
    rng = np.random.default_rng(0)
    for case in CASES:
        assert case.references is not None
        assert case.truth is not None
        assert case.profile is not None
        for name in TASKS:
            if name == "predict":
                task = predict_task(style, case.references)
                yield name, task, task.shown(case.references.images)
                continue
            better = rng.random() < 0.5
            image = case.pair.better if better else case.pair.worse
            shows = case.pair.better_shows if better else case.pair.worse_shows
            assert shows is not None
            truth = score_elements(shows, likes=case.profile.likes, dislikes=case.profile.dislikes)
            taste = taste_of(case.profile)
            task = {
                "describe": style.describe(),
                "score": style.score(taste),
                "explain": style.explain(taste, {e: score.digit for e, score in truth.items()}),
            }[name]
            yield name, task, task.shown([image])


@cache
def sft_batches(served: Served) -> list[dict[str, Any]]:
    """The batches of one row each that SFT gives to the model, as TRL collates them."""
    from trl.trainer.sft_trainer import DataCollatorForVisionLanguageModeling

    collator: Any = DataCollatorForVisionLanguageModeling(
        served.processor, completion_only_loss=True
    )
    if served.style.digit_reading == "held":
        collator = HeldDigits(collator, served.processor.tokenizer)
    rng = np.random.default_rng(0)
    rows = (
        sft_row(example, served.fit)
        for case in CASES
        for example in examples(case, TASKS, rng, varied=False, style=served.style)
    )
    return [collator([row]) for row in rows]


def test_every_sft_row_has_the_tokens_that_serving_reads(served: Served) -> None:
    batches = sft_batches(served)
    same = 0
    for (_, task, images), batch in zip(served_tasks(served.style), batches, strict=True):
        ids, labels = batch["input_ids"][0], batch["labels"][0]
        with_prefix = served.ids(task, images, with_answer_prefix=True)
        start = int((labels >= 0).nonzero()[0])
        same += ids[: len(with_prefix)].tolist() == with_prefix
        assert start == len(served.ids(task, images, with_answer_prefix=False))
    assert same == ROWS == 60


def test_every_digit_of_sft_follows_the_tokens_after_which_serving_reads_it(
    served: Served,
) -> None:
    tokenizer = served.processor.tokenizer
    scored = 0
    for (name, task, images), batch in zip(
        served_tasks(served.style), sft_batches(served), strict=True
    ):
        if name != "score":
            continue
        ids, labels = batch["input_ids"][0], batch["labels"][0]
        if served.style.digit_reading == "held":
            layout = answer_layout(tokenizer)
            prompt = served.ids(task, images, with_answer_prefix=False)
            places = [len(prompt) + position for position in layout.positions]
            held = [*prompt, *layout.ids]
            assert ids[: len(held)].tolist() == held, "the placeholder is at every place"
            assert {tokenizer.decode(ids[p]).strip() for p in places} == {str(PLACEHOLDER_DIGIT)}
        else:
            digits = ChosenDigits(tokenizer, gaps=task.digit_gaps)
            prompt = served.ids(task, images, with_answer_prefix=True)
            answer = ids[len(prompt) : len(prompt) + digits.steps]
            places = [len(prompt) + place for place in digits._places]
            for step, (token, allowed) in enumerate(zip(answer, digits._steps, strict=True)):
                assert int(token) in allowed.tolist(), f"serving cannot write step {step}"
            assert torch.equal(ids[places], labels[places]), "each follows the digits before it"
        text = tokenizer.decode([int(token) for token in labels if token >= 0])
        expected = served.style.parse_digits(text.split(tokenizer.eos_token)[0]).by_element
        written = [int(tokenizer.decode(labels[place])) for place in places]
        assert written == [expected[e] for e in ELEMENTS]
        scored += 1
    assert scored == len(CASES)


def test_the_grammar_of_serving_allows_the_answers_of_sft(served: Served) -> None:
    constrained = 0
    for (_, task, images), batch in zip(
        served_tasks(served.style), sft_batches(served), strict=True
    ):
        grammar = grammar_of(task)
        if grammar is None or task.digit_gaps:
            continue
        prompt = served.ids(task, images, with_answer_prefix=True)
        answer = batch["input_ids"][0][len(prompt) :].tolist()
        answer = answer[: answer.index(served.processor.tokenizer.eos_token_id)]
        matcher = LLMatcher(served.engine._grammar._tokenizer, grammar)
        assert matcher.validate_tokens(answer) == len(answer)
        constrained += 1
    expected = {"compact": 0, "general": 3 * len(CASES), "preferthinker": 2 * len(CASES)}
    assert constrained == expected[served.style.name]


def test_the_answers_of_sft_are_parsed_to_the_truth(served: Served) -> None:
    style, rng = served.style, np.random.default_rng(0)
    for case in CASES:
        assert case.truth is not None
        assert case.profile is not None
        predict, describe, score, explain = examples(case, TASKS, rng, varied=False, style=style)
        taste = style.parse_taste(predict.answer)
        assert (taste.preference, taste.non_preference) == (case.truth.likes, case.truth.dislikes)
        assert not style.parse_description(describe.answer).problems
        assert not style.parse_digits(score.answer).problems
        shows = [case.pair.better_shows, case.pair.worse_shows]
        digits = [
            {e: s.digit for e, s in score_elements(
                shown or {}, likes=case.profile.likes, dislikes=case.profile.dislikes
            ).items()}
            for shown in shows
        ]  # fmt: skip
        assert style.parse_digits(score.answer).by_element in digits
        kept = [style.parse_rationales(explain.answer, row).by_element for row in digits]
        assert len(ELEMENTS) in map(len, kept), "every rationale is kept for its digits"


def test_every_grpo_prompt_has_the_tokens_that_serving_reads(served: Served) -> None:
    style = served.style
    rows = list(grpo_rows(CASES, ("predict", "score", "explain"), served.fit, seed=1, style=style))
    assert {row["task"] for row in rows} >= {"predict", "score"}
    for row in rows:
        case = CASES[row["pair"]]
        assert case.references is not None
        assert case.profile is not None
        taste = taste_of(case.profile)
        if row["task"] == "predict":
            task = predict_task(style, case.references)
            images = task.shown(case.references.images)
        else:
            digits = dict.fromkeys(ELEMENTS, 0)
            task = style.score(taste) if row["task"] == "score" else style.explain(taste, digits)
            images = task.shown([case.pair.better if row["liked"] else case.pair.worse])
        trained = served.processor.apply_chat_template(
            _with_images(row["prompt"], row["images"]),
            add_generation_prompt=True, tokenize=True, return_dict=True,
        )  # fmt: skip
        assert trained["input_ids"][0] == served.ids(task, images, with_answer_prefix=False)


def _with_images(messages: Any, images: list[Any]) -> Any:
    """Messages with their images in place, as TRL prepares them."""
    rest = iter(images)
    return [
        {
            "role": message["role"],
            "content": [
                {"type": "image", "image": next(rest)} if part["type"] == "image" else part
                for part in message["content"]
            ],
        }
        for message in messages
    ]


def test_an_adapter_carries_the_style_that_serving_then_reads(tmp_path: Path) -> None:
    base = tiny_runs.write_base(tmp_path / "base")
    (base / MANIFEST).unlink()
    template = tmp_path / "official.txt"
    template.write_bytes(TEMPLATE)
    config = tiny_runs.sft_config(base, tmp_path / "run", steps=1, cases=4, tasks=("score",))
    policy = config.policy.model_copy(
        update={"prompt_style": "preferthinker", "prompt_template": template}
    )
    finished = train_sft(config.model_copy(update={"policy": policy}))
    template.unlink()
    package = read_model_package(finished.adapter)
    assert package.prompt_style == preferthinker()
    assert package.prompt_version == preferthinker().version
    merged = merge(base=base, adapter=finished.adapter, to=tmp_path / "merged")
    assert read_model_package(merged).prompt_style == preferthinker()
    continued = Policy(base=base, adapter=finished.adapter)
    assert policy_style(continued) == preferthinker(), "GRPO after SFT trains the same prompts"


def test_a_base_without_manifest_is_trained_in_the_style_in_which_it_is_served(
    tmp_path: Path,
) -> None:
    base = tiny_runs.write_base(tmp_path / "base")
    assert policy_style(Policy(base=base)).name == "compact"
    assert policy_style(Policy(base=base, prompt_style="general")).name == "general"
    (base / MANIFEST).unlink()
    assert policy_style(Policy(base=base)).name == ModelSettings().prompt_style == "general"
    with pytest.raises(BadConfig, match=r"policy\.prompt_template"):
        policy_style(Policy(base=base, prompt_style="preferthinker"))
    with pytest.raises(BadConfig, match="compact or general or preferthinker"):
        policy_style(Policy(base=base, prompt_style="official"))
