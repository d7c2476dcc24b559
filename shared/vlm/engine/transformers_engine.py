"""Run a Qwen2.5-VL-like checkpoint in this process: predict, describe, score, explain, compare."""

from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from PIL.Image import Image
from torch import Tensor
from transformers import LogitsProcessorList

from shared.domain.element_weights import ElementWeights
from shared.domain.taste import ELEMENTS
from shared.prompting import parser as verdict
from shared.prompting import prompt
from shared.prompting.prompt import Prompt
from shared.vlm.checkpoint.checkpoint import check_files
from shared.vlm.checkpoint.lora import merge_adapter
from shared.vlm.checkpoint.model_package import ModelPackage, read_element_weights
from shared.vlm.checkpoint.open_checkpoint import open_checkpoint
from shared.vlm.engine.answer_layout import DIGITS
from shared.vlm.engine.answers import (
    MAX_COMPARISON_TOKENS,
    MAX_REASONS_TOKENS,
    MAX_WORDS_TOKENS,
    parse_description,
    read_reasons,
    parse_taste,
)
from shared.vlm.engine.forced_digits import ForcedDigits
from shared.vlm.engine.pixels import Pictures, prepare
from shared.vlm.engine.shared_prefix import last_logits, passes
from shared.vlm.pairwise import Comparison, Pair
from shared.vlm.protocol import (
    Candidate,
    Description,
    PredictedTaste,
    Rationales,
    References,
    ScoredCandidate,
    Scores,
)


class TransformersEngine:
    """Answers lists of requests in one pass each; not thread-safe, and blocks while it computes."""

    def __init__(
        self,
        folder: Path,
        *,
        adapter: ModelPackage | None = None,
        device: str = "auto",
        threads: int = 0,
    ) -> None:
        base_version = check_files(folder)
        self.model_version = adapter.version if adapter else base_version
        self.element_weights = adapter.element_weights if adapter else read_element_weights(folder)
        if threads:
            torch.set_num_threads(threads)
        opened = open_checkpoint(folder, device=device)
        if adapter:
            merge_adapter(opened.model, adapter.folder)
        self.model = opened.model
        self._tokenizer = opened.tokenizer
        self._device = opened.device
        self._vision = opened.vision
        self._skeleton = opened.skeleton
        self._image_pad = opened.image_pad
        self._ends = opened.ends

    def predict(self, references: Sequence[References]) -> list[PredictedTaste]:
        """The taste behind each person's images (arXiv 2511.00609, section 3: predict)."""
        asked = [prompt.predict(liked=len(r.liked), disliked=len(r.disliked)) for r in references]
        images = [r.images for r in references]
        return [parse_taste(a) for a in self._answers(asked, images, most=MAX_WORDS_TOKENS)]

    def describe(self, images: Sequence[Image]) -> list[Description]:
        """What each image shows, element by element."""
        asked = [prompt.describe()] * len(images)
        answers = self._answers(asked, [[image] for image in images], most=MAX_WORDS_TOKENS)
        return [parse_description(answer) for answer in answers]

    def score(self, candidates: Sequence[Candidate]) -> list[Scores]:
        """Probabilities of the digits at the five places of the forced answer."""
        asked = [prompt.score_for(candidate.taste) for candidate in candidates]
        found: dict[int, Scores] = {}
        for places in passes([question.parts[0] for question in asked]):
            digits = self._digits([asked[k] for k in places], [candidates[k].image for k in places])
            scores = (_scores(row, self.element_weights) for row in digits)
            found |= zip(places, scores, strict=True)
        return [found[k] for k in range(len(candidates))]

    @torch.inference_mode()
    def _digits(self, asked: Sequence[Prompt], images: Sequence[Image]) -> Tensor:
        """(n, 5, 6) probabilities, in one pass."""
        pictures = prepare(images, self._vision)
        questions = self._token_ids(asked, pictures, answer=False)
        rows = [[*question, *self._skeleton.ids] for question in questions]
        # A token's logits say what follows it: one to the left of each place. Rows end together.
        columns = len(self._skeleton.ids) + 1
        logits = last_logits(self.model, self._inputs(rows, pictures), columns=columns)
        at_digits = logits[:, list(self._skeleton.places)][:, :, list(self._skeleton.digit_ids)]
        return at_digits.float().softmax(dim=-1)

    def explain(self, scored: Sequence[ScoredCandidate]) -> list[Rationales]:
        """A reason for each score; one that says otherwise than its score is left out."""
        asked = [prompt.explain_for(s.candidate.taste) for s in scored]
        digits = [{e: s.scores.mode(e) for e in ELEMENTS} for s in scored]
        answers = self._answers(
            asked,
            [[s.candidate.image] for s in scored],
            most=MAX_REASONS_TOKENS,
            constrain=lambda length: ForcedDigits(self._tokenizer, digits, prompt_length=length),
        )
        return [read_reasons(answer, row) for answer, row in zip(answers, digits, strict=True)]

    def compare(self, pairs: Sequence[Pair]) -> list[Comparison]:
        """Which of two candidates, in the model's own words: profiles, scores, an answer."""
        asked = [
            prompt.pair(
                liked=len(p.references.liked),
                disliked=len(p.references.disliked),
                template=p.template,
            )
            for p in pairs
        ]
        images = [p.images for p in pairs]
        written = self._written(asked, images, most=MAX_COMPARISON_TOKENS)
        return [
            Comparison(answer, verdict.parse_comparison(answer, finished=ended))
            for answer, ended in written
        ]

    def _answers(
        self,
        asked: Sequence[Prompt],
        images: Sequence[Sequence[Image]],
        *,
        most: int,
        constrain: Callable[[int], ForcedDigits] | None = None,
    ) -> list[str]:
        """The model's greedy answers, each with the beginning that was forced on it."""
        return [text for text, _ in self._written(asked, images, most=most, constrain=constrain)]

    @torch.inference_mode()
    def _written(
        self,
        asked: Sequence[Prompt],
        images: Sequence[Sequence[Image]],
        *,
        most: int,
        constrain: Callable[[int], ForcedDigits] | None = None,
    ) -> list[tuple[str, bool]]:
        """Answers, each with whether the model ended it within `most` tokens."""
        if not asked:
            return []
        pictures = prepare([image for row in images for image in row], self._vision)
        inputs = self._inputs(self._token_ids(asked, pictures, answer=True), pictures)
        length = inputs["input_ids"].shape[1]
        out = self.model.generate(
            **inputs,
            do_sample=False,
            max_new_tokens=most,
            logits_processor=LogitsProcessorList([constrain(length)] if constrain else []),
        )
        written = self._tokenizer.batch_decode(out[:, length:], skip_special_tokens=True)
        ended = torch.isin(out[:, length:].cpu(), self._ends).any(dim=1).tolist()
        return [(p.answer_prefix + t, e) for p, t, e in zip(asked, written, ended, strict=True)]

    def _token_ids(
        self, asked: Sequence[Prompt], pictures: Pictures, *, answer: bool
    ) -> list[list[int]]:
        """Tokens of each prompt, with an image's places as often as the image has tokens."""
        counts = iter(pictures.tokens)
        texts = [
            self._tokenizer.apply_chat_template(
                p.messages(), tokenize=False, add_generation_prompt=True
            )
            + (p.answer_prefix if answer else "")
            for p in asked
        ]
        return [
            [
                token
                for one in ids
                for token in ([one] * next(counts) if one == self._image_pad else [one])
            ]
            for ids in self._tokenizer(texts, add_special_tokens=False)["input_ids"]
        ]

    def _inputs(self, rows: Sequence[Sequence[int]], pictures: Pictures) -> dict[str, Tensor]:
        padded = self._tokenizer.pad({"input_ids": rows}, padding=True, return_tensors="pt")
        ids = padded["input_ids"]
        inputs = {
            "input_ids": ids,
            "attention_mask": padded["attention_mask"],
            "mm_token_type_ids": (ids == self._image_pad).int(),
        }
        if pictures.tokens:
            inputs |= {
                "pixel_values": pictures.patches.to(self.model.dtype),
                "image_grid_thw": pictures.grids,
            }
        return {name: tensor.to(self._device) for name, tensor in inputs.items()}


def _scores(probabilities: Tensor, weights: ElementWeights) -> Scores:
    """(5, 6) -> a distribution for each element."""
    rows: list[list[float]] = probabilities.tolist()
    assert all(len(row) == len(DIGITS) for row in rows)
    return Scores({e: tuple(row) for e, row in zip(ELEMENTS, rows, strict=True)}, weights)
