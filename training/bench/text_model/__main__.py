"""Count the answers of a small language model that parse, free and under the grammar.

`python -m training.bench.text_model` asks SmolLM2-135M-Instruct; the pictures are words.
"""

import argparse
import time
from pathlib import Path

from training.bench.text_model.gguf_model import load_gguf, smollm2_file
from training.bench.text_model.questions import KINDS, answers, questions
from training.statistics.wilson import wilson


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20, help="tasks of each kind")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--model", type=Path, default=None, help="a GGUF file; default SmolLM2")
    parser.add_argument("--show", action="store_true", help="print each answer")
    arguments = parser.parse_args()
    text_model = load_gguf(arguments.model or smollm2_file())
    print("| task | answers | parses | 95 % interval | seconds of processor time |")
    print("|---|---|---|---|---|", flush=True)
    for kind in arguments.kinds:
        batch = questions(kind, arguments.count, seed=arguments.seed)
        for with_grammar in (False, True):
            began = time.process_time()
            texts = answers(text_model, batch, with_grammar=with_grammar)
            parsed = sum(q.parses(text) for q, text in zip(batch, texts, strict=True))
            low, high = wilson(parsed / len(texts), len(texts))
            name = f"{kind}, {'grammar' if with_grammar else 'free'}"
            print(
                f"| {name} | {len(texts)} | {parsed} | {low:.2f}-{high:.2f}"
                f" | {time.process_time() - began:.0f} |",
                flush=True,
            )
            if arguments.show:
                print(*texts, sep="\n\n", flush=True)


if __name__ == "__main__":
    main()
