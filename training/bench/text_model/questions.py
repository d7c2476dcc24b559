"""Write the tasks of the general style about pictures in words, and answer them in a batch."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

import torch
from transformers import LogitsProcessorList

from shared.domain.taste import ELEMENTS
from shared.prompting.styles.general.json_answer import json_object
from shared.prompting.styles.protocol import Task
from shared.prompting.styles.registry import GENERAL
from shared.vlm.engine.answer_grammar import AnswerGrammar, grammar_of
from shared.vlm.server.dialect import DIGITS_PATTERN
from training.bench.text_model.gguf_model import TextModel
from training.bench.text_model.word_pictures import WordPicture, in_words, taste_of, word_pictures

REFERENCES: Final = 2
"""Liked and disliked pictures of one taste, each."""


@dataclass(frozen=True)
class Question:
    """A task in words, and whether an answer has all that the task asks for."""

    kind: str
    task: Task
    parses: Callable[[str], bool]


def questions(kind: str, count: int, *, seed: int) -> list[Question]:
    """`count` tasks of a kind: describe, predict, score or explain."""
    return list(islice(_QUESTIONS[kind](word_pictures(seed=seed)), count))


def _describe(pictures: Iterator[WordPicture]) -> Iterator[Question]:
    task = GENERAL.describe()
    for picture in pictures:
        yield _question("describe", task, [picture], lambda a: not _description_problems(a))


def _description_problems(answer: str) -> tuple[str, ...]:
    return GENERAL.parse_description(answer).problems


def _predict(pictures: Iterator[WordPicture]) -> Iterator[Question]:
    task = GENERAL.predict(liked=REFERENCES, disliked=REFERENCES)
    while shown := list(islice(pictures, 2 * REFERENCES)):
        yield _question("predict", task, shown, lambda a: not GENERAL.parse_taste(a).problems)


def _score(pictures: Iterator[WordPicture]) -> Iterator[Question]:
    for liked, disliked, candidate in zip(pictures, pictures, pictures, strict=False):
        task = replace(GENERAL.score(taste_of(liked, disliked)), pattern=DIGITS_PATTERN)
        yield _question("score", task, [candidate], lambda a: not GENERAL.parse_digits(a).problems)


def _explain(pictures: Iterator[WordPicture]) -> Iterator[Question]:
    for liked, disliked, candidate in zip(pictures, pictures, pictures, strict=False):
        digits = {element: 5 if n % 2 else 0 for n, element in enumerate(ELEMENTS)}
        task = GENERAL.explain(taste_of(liked, disliked), digits)
        yield _question("explain", task, [candidate], _has_five_sentences)


def _has_five_sentences(answer: str) -> bool:
    """Whether each element has a text; whether it agrees with the score is another question."""
    value = json_object(answer) or {}
    return all(isinstance(value.get(e.value), str) and value[e.value].strip() for e in ELEMENTS)


def _question(
    kind: str, task: Task, pictures: list[WordPicture], parses: Callable[[str], bool]
) -> Question:
    return Question(kind, replace(task, prompt=in_words(task.prompt, pictures)), parses)


_QUESTIONS: Final = {
    "describe": _describe, "predict": _predict, "score": _score, "explain": _explain,
}  # fmt: skip
KINDS: Final = tuple(_QUESTIONS)


@torch.inference_mode()
def answers(text_model: TextModel, batch: Sequence[Question], *, with_grammar: bool) -> list[str]:
    """The greedy answer to each question of one kind, in one batch."""
    tokenizer, model = text_model.tokenizer, text_model.model
    prompts = [
        tokenizer.apply_chat_template(_messages(q.task), tokenize=False, add_generation_prompt=True)
        for q in batch
    ]
    inputs = tokenizer(prompts, padding=True, add_special_tokens=False, return_tensors="pt")
    length = inputs["input_ids"].shape[1]
    processors = LogitsProcessorList()
    if with_grammar:
        grammar = AnswerGrammar(
            tokenizer, vocabulary=model.config.vocab_size, end_token=model.config.eos_token_id
        )
        grammars = [text for q in batch if (text := grammar_of(q.task)) is not None]
        processors.append(grammar.processor(grammars, prompt_length=length))
    out = model.generate(
        input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"], do_sample=False,
        max_new_tokens=batch[0].task.max_tokens, logits_processor=processors,
    )  # fmt: skip
    texts: list[str] = tokenizer.batch_decode(out[:, length:], skip_special_tokens=True)
    return texts


def _messages(task: Task) -> list[dict[str, str]]:
    """A chat without images: the parts are one text."""
    return [{"role": "user", "content": "".join(part.text for part in task.prompt.parts)}]
