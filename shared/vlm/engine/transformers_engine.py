"""Run a vision-language checkpoint in this process: predict, describe, score, explain, compare."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from PIL.Image import Image
from torch import Tensor
from transformers import LogitsProcessorList

from shared.domain.element_weights import ElementWeights
from shared.domain.errors import Unprocessable
from shared.domain.taste import ELEMENTS, Element
from shared.prompting import parser, prompt
from shared.prompting.prompt import Prompt
from shared.prompting.styles.protocol import PromptStyle, Task
from shared.prompting.styles.registry import GENERAL
from shared.vlm.checkpoint.checkpoint import check_files
from shared.vlm.checkpoint.lora import merge_adapter
from shared.vlm.checkpoint.model_package import (
    ModelPackage,
    read_element_weights,
    read_prompt_style,
)
from shared.vlm.checkpoint.open_checkpoint import open_checkpoint
from shared.vlm.checkpoint.pixel_limits import PixelLimits
from shared.vlm.engine.answer_grammar import AnswerGrammar, grammar_of
from shared.vlm.engine.answer_layout import DIGITS, AnswerLayout, answer_layout
from shared.vlm.engine.answer_text import AnswerText
from shared.vlm.engine.answers import (
    MAX_COMPARISON_TOKENS,
    to_description,
    to_predicted_taste,
    to_rationales,
)
from shared.vlm.engine.chosen_digits import ChosenDigits
from shared.vlm.engine.forced_digits import ForcedDigits
from shared.vlm.engine.inputs.protocol import Inputs
from shared.vlm.engine.shared_prefix import group_by_prefix
from shared.vlm.engine.vision_vectors import vision_vectors
from shared.vlm.pairwise import Comparison, Pair
from shared.vlm.protocol import (
    Description,
    PredictedTaste,
    Rationales,
    References,
    ScoredInput,
    Scores,
    ScoringInput,
)


class TransformersEngine:
    """Computes each list of inputs in one pass; not thread-safe, and blocks while it computes."""

    def __init__(
        self,
        folder: Path,
        *,
        adapter: ModelPackage | None = None,
        device: str = "auto",
        threads: int = 0,
        prompt_style: PromptStyle = GENERAL,
        limits: PixelLimits | None = None,
    ) -> None:
        """`prompt_style` is that of a model whose manifest names none.

        `limits` bound the pixels of each image.
        """
        base_version = check_files(folder)
        self._style = (
            adapter.prompt_style if adapter else read_prompt_style(folder)
        ) or prompt_style
        self.model_version = adapter.version if adapter else base_version
        self.element_weights = adapter.element_weights if adapter else read_element_weights(folder)
        if threads:
            torch.set_num_threads(threads)
        opened = open_checkpoint(folder, device=device, limits=limits)
        if adapter:
            merge_adapter(opened.model, adapter.folder)
        self.model = opened.model
        self._tokenizer = opened.tokenizer
        self._texts = AnswerText(opened.tokenizer)
        self._inputs = opened.inputs
        self._end_tokens = opened.end_tokens
        self._own_penalty = opened.repetition_penalty
        text_config = self.model.config.get_text_config()
        self._context: int | None = getattr(text_config, "max_position_embeddings", None)
        self._chosen: dict[tuple[str, ...], ChosenDigits] = {}

    @property
    def prompt_style(self) -> PromptStyle:
        """The prompts of this model version."""
        return self._style

    @cached_property
    def _layout(self) -> AnswerLayout:
        return answer_layout(self._tokenizer)

    def _digit_tokens(self, gaps: tuple[str, ...]) -> ChosenDigits:
        if gaps not in self._chosen:
            self._chosen[gaps] = ChosenDigits(self._tokenizer, gaps=gaps)
        return self._chosen[gaps]

    @cached_property
    def _grammar(self) -> AnswerGrammar:
        rows = self.model.get_input_embeddings().num_embeddings
        end_token = int(self._end_tokens[0])
        return AnswerGrammar(self._tokenizer, vocabulary=rows, end_token=end_token)

    def predict(self, references: Sequence[References]) -> list[PredictedTaste]:
        """The taste of each user from the reference images (arXiv 2511.00609, section 3)."""
        tasks = [
            self._style.predict(liked=len(r.liked), disliked=len(r.disliked)) for r in references
        ]
        images = [task.shown(r.images) for task, r in zip(tasks, references, strict=True)]
        answers = self._answers(tasks, images)
        return [to_predicted_taste(self._style.parse_taste(answer)) for answer in answers]

    def describe(self, images: Sequence[Image]) -> list[Description]:
        """The words of each image, element by element."""
        answers = self._answers([self._style.describe()] * len(images), [[i] for i in images])
        return [to_description(self._style.parse_description(answer)) for answer in answers]

    @torch.inference_mode()
    def seen_in(self, images: Sequence[Image]) -> npt.NDArray[np.float32] | None:
        """One vector of each image from the vision tower, (n, width); None without a known one."""
        prompts = [self._style.describe().prompt] * len(images)
        shown = [[image] for image in images]
        return vision_vectors(self.model, self._encoded(prompts, shown, with_answer_prefix=False))

    def score(self, candidates: Sequence[ScoringInput]) -> list[Scores]:
        """Probabilities of the digits 0-5 of the five elements, as the prompt style reads them."""
        tasks = [self._style.score(candidate.taste) for candidate in candidates]
        read = self._held_digits if self._style.digit_reading == "held" else self._chosen_digits
        by_index: dict[int, Scores] = {}
        for indices in group_by_prefix([task.prompt.parts[0] for task in tasks]):
            digits = read([tasks[k] for k in indices], [candidates[k].image for k in indices])
            scores = (_scores(row, self.element_weights) for row in digits)
            by_index |= zip(indices, scores, strict=True)
        return [by_index[k] for k in range(len(candidates))]

    @torch.inference_mode()
    def _held_digits(self, tasks: Sequence[Task], images: Sequence[Image]) -> Tensor:
        """(n, 5, 6) probabilities at the five positions of the forced answer, in one pass."""
        inputs = self._encoded(
            [task.prompt for task in tasks],
            [[image] for image in images],
            with_answer_prefix=False,
            answer=self._layout.ids,
        )
        # The logits at a token predict the next token: a digit's are one position to its left. All
        # rows end at the same column.
        columns = len(self._layout.ids) + 1
        logits = self._inputs.last_logits(self.model, inputs, columns=columns)
        at_digits = logits[:, list(self._layout.positions)][:, :, list(self._layout.digit_ids)]
        return at_digits.float().softmax(dim=-1)

    @torch.inference_mode()
    def _chosen_digits(self, tasks: Sequence[Task], images: Sequence[Image]) -> Tensor:
        """(n, 5, 6) probabilities, each digit after those that the model chose before it."""
        digits = self._digit_tokens(tasks[0].digit_gaps)
        shown = [task.shown([image]) for task, image in zip(tasks, images, strict=True)]
        inputs = self._encoded([t.prompt for t in tasks], shown, with_answer_prefix=True)
        out = self.model.generate(
            **inputs,
            do_sample=False,
            min_new_tokens=digits.steps,
            max_new_tokens=digits.steps,
            logits_processor=LogitsProcessorList(
                [digits.processor(prompt_length=inputs["input_ids"].shape[1])]
            ),
            output_logits=True,
            return_dict_in_generate=True,
        )
        return digits.probabilities(out.logits)

    def explain(self, scored: Sequence[ScoredInput]) -> list[Rationales]:
        """A rationale for each score; one that contradicts its score is left out."""
        digits = [{e: s.scores.mode(e) for e in ELEMENTS} for s in scored]
        tasks = [
            self._style.explain(s.candidate.taste, row)
            for s, row in zip(scored, digits, strict=True)
        ]
        is_held = self._style.digit_reading == "held"
        answers = self._answers(
            tasks,
            [t.shown([s.candidate.image]) for t, s in zip(tasks, scored, strict=True)],
            digits=digits if is_held else None,
        )
        return [
            to_rationales(self._style.parse_rationales(answer, row))
            for answer, row in zip(answers, digits, strict=True)
        ]

    def compare(self, pairs: Sequence[Pair]) -> list[Comparison]:
        """The better of two candidates, as the model writes it: profiles, scores, an answer."""
        prompts = [
            prompt.pair(
                liked=len(p.references.liked),
                disliked=len(p.references.disliked),
                template=p.template or self._style.pair_template,
            )
            for p in pairs
        ]
        answers = self._generate(
            prompts,
            [p.images for p in pairs],
            max_tokens=MAX_COMPARISON_TOKENS,
            repetition_penalty=self._own_penalty,
        )
        return [
            Comparison(answer, parser.parse_comparison(answer, finished=finished))
            for answer, finished in answers
        ]

    def _answers(
        self,
        tasks: Sequence[Task],
        images: Sequence[Sequence[Image]],
        *,
        digits: Sequence[Mapping[Element, int]] | None = None,
    ) -> list[str]:
        """The greedy answers to tasks of one kind, each with its forced prefix.

        `digits` are forced after the names of their elements, one row for each task.
        """
        if not tasks:
            return []
        task = tasks[0]

        def constrain(length: int) -> Any:
            if digits is not None:
                return ForcedDigits(self._tokenizer, digits, prompt_length=length)
            grammars = [grammar for item in tasks if (grammar := grammar_of(item))]
            return self._grammar.processor(grammars, prompt_length=length) if grammars else None

        answers = self._generate(
            [item.prompt for item in tasks],
            images,
            max_tokens=task.max_tokens,
            constrain=constrain,
            stop=task.stop,
        )
        return [text for text, _ in answers]

    @torch.inference_mode()
    def _generate(
        self,
        prompts: Sequence[Prompt],
        images: Sequence[Sequence[Image]],
        *,
        max_tokens: int,
        constrain: Callable[[int], Any] = lambda _: None,
        stop: str | None = None,
        repetition_penalty: float = 1.0,
    ) -> list[tuple[str, bool]]:
        """Answers, each with whether the model finished it within `max_tokens`.

        `repetition_penalty` is for free text only: it would break an answer in a fixed layout.
        """
        if not prompts:
            return []
        inputs = self._encoded(prompts, images, with_answer_prefix=True)
        length = inputs["input_ids"].shape[1]
        out = self.model.generate(
            **inputs,
            do_sample=False,
            max_new_tokens=max_tokens,
            logits_processor=LogitsProcessorList([p for p in [constrain(length)] if p]),
            **({"stop_strings": [stop], "tokenizer": self._tokenizer} if stop else {}),
            repetition_penalty=repetition_penalty,
        )
        texts = self._texts.decode(out[:, length:])
        finished = torch.isin(out[:, length:].cpu(), self._end_tokens).any(dim=1).tolist()
        return [
            (item.answer_prefix + text, is_finished)
            for item, text, is_finished in zip(prompts, texts, finished, strict=True)
        ]

    def _encoded(
        self,
        prompts: Sequence[Prompt],
        images: Sequence[Sequence[Image]],
        *,
        with_answer_prefix: bool,
        answer: Sequence[int] = (),
    ) -> Inputs:
        """The inputs of the model; raises `Unprocessable` for a prompt that it cannot take."""
        inputs = self._inputs.encode(
            prompts, images, with_answer_prefix=with_answer_prefix, answer=answer
        )
        tokens = int(inputs["attention_mask"].sum(dim=1).max())
        if self._context is not None and tokens > self._context:
            raise Unprocessable(
                "prompt_too_long",
                f"a prompt with {max(map(len, images))} images has {tokens} tokens, but"
                f" {self.model_version} takes {self._context}; lower"
                " PREFERSTREAM_MODEL_MAX_PIXELS, or show fewer reference images",
            )
        return inputs


def _scores(probabilities: Tensor, weights: ElementWeights) -> Scores:
    """(5, 6) -> a distribution for each element."""
    rows: list[list[float]] = probabilities.tolist()
    assert all(len(row) == len(DIGITS) for row in rows)
    return Scores({e: tuple(row) for e, row in zip(ELEMENTS, rows, strict=True)}, weights)
