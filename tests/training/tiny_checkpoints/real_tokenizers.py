"""Tokenizers of real models, from packages that ship their vocabularies."""

import base64
import json
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaTokenizer, Qwen2Tokenizer
from transformers.convert_slow_tokenizer import bytes_to_unicode
from transformers.models.qwen2.tokenization_qwen2 import PRETOKENIZE_REGEX

SMALL: Final = 8_000
"""Tokens that a tiny model keeps of Qwen's vocabulary. Tokens are in the order of their merges, so
the first ones are a tokenizer of their own, with the same digits and the same byte tokens."""
MISTRAL_FILE: Final = "data/mistral_instruct_tokenizer_240323.model.v3"


def package_file(package: str, file: str) -> Path:
    """A file of an installed package, without an import of the package."""
    spec = find_spec(package)
    assert spec is not None, f"{package} is not installed: run make install"
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / file


@cache
def _qwen_bpe(size: int | None) -> Tokenizer:
    lines = package_file("dashscope", "resources/qwen.tiktoken").read_bytes().splitlines()[:size]
    ranks = {base64.b64decode(line.split()[0]): rank for rank, line in enumerate(lines)}
    letters = bytes_to_unicode()

    def text(token: bytes) -> str:
        return "".join(letters[byte] for byte in token)

    merges = [
        (text(left), text(right))
        for token, rank in ranks.items()
        if len(token) > 1
        for left, right in [_last_merge(token, rank, ranks)]
    ]
    vocabulary = {text(token): rank for token, rank in ranks.items()}
    tokenizer = Tokenizer(models.BPE(vocabulary, merges, ignore_merges=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PRETOKENIZE_REGEX), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def _last_merge(token: bytes, rank: int, ranks: dict[bytes, int]) -> tuple[bytes, bytes]:
    """The two parts from which byte-pair encoding builds a token."""
    parts = [token[n : n + 1] for n in range(len(token))]
    while len(parts) > 2:
        places = [ranks.get(a + b, rank) for a, b in pairwise(parts)]
        at = min(range(len(places)), key=places.__getitem__)
        parts[at : at + 2] = [parts[at] + parts[at + 1]]
    return parts[0], parts[1]


def qwen_tokenizer(special: Sequence[str], *, size: int | None = SMALL, **names: Any) -> Any:
    """Qwen's tokenizer: byte-level BPE, one token a digit; `size` None keeps all 151,643 tokens.

    `names` are attributes such as `eos_token`.
    """
    tokenizer = Tokenizer.from_str(_qwen_bpe(size).to_str())
    tokenizer.add_special_tokens([AddedToken(token, normalized=False) for token in special])
    return Qwen2Tokenizer(tokenizer_object=tokenizer, **names)


def _first_pieces(tokenizer: Tokenizer) -> Tokenizer:
    """The same tokenizer with the first merges only: single characters, and `SMALL` tokens."""
    content = json.loads(tokenizer.to_str())
    model = content["model"]
    pieces = sorted(model["vocab"], key=model["vocab"].__getitem__)
    kept = [piece for n, piece in enumerate(pieces) if n < SMALL or len(piece) == 1]
    model["vocab"] = {piece: n for n, piece in enumerate(kept)}
    model["merges"] = [
        merge for merge in model["merges"] if {*merge, "".join(merge)} <= model["vocab"].keys()
    ]
    content["added_tokens"] = [t for t in content["added_tokens"] if t["content"] in model["vocab"]]
    for token in content["added_tokens"]:
        token["id"] = model["vocab"][token["content"]]
    return Tokenizer.from_str(json.dumps(content))


def sentencepiece_tokenizer(special: Sequence[str], folder: Path, **names: Any) -> Any:
    """Mistral's SentencePiece tokenizer: `▁` for spaces, and a space before each first word.

    With `add_prefix_space=False` a text begins without a space, as in Gemma's tokenizer.
    """
    (folder / "tokenizer.model").write_bytes(
        package_file("mistral_common", MISTRAL_FILE).read_bytes()
    )
    whole = LlamaTokenizer.from_pretrained(folder, **names)
    (folder / "tokenizer.model").unlink()
    tokenizer = LlamaTokenizer(tokenizer_object=_first_pieces(whole.backend_tokenizer), **names)
    tokenizer.add_tokens([AddedToken(token, normalized=False, special=True) for token in special])
    return tokenizer
