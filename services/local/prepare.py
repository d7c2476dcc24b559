"""Do once what would slow down the first starts: `python -m services.local.prepare`.

Downloads Kafka, writes Java's class cache, and writes the bytecode of all modules that a start
imports. `make` runs it after the installation. Every step is optional: a start does without it.
"""

import sys

from services.local.imports import import_model
from services.local.kafka.class_cache import NoClassCache, write_class_cache
from services.local.kafka.errors import KafkaDidNotStart
from services.local.kafka.jars import resolve_jars


def main() -> None:
    # Python writes the bytecode of what it imports, unless the environment forbids it.
    sys.dont_write_bytecode = False
    try:
        write_class_cache(resolve_jars(_report))
    except (KafkaDidNotStart, NoClassCache) as error:
        _report(f"not prepared, the first start will do it: {error}")
    import services.cli.verbs.demo
    import services.local.services  # noqa: F401

    import_model()
    # The embedder loads this library at its first words.
    import sentence_transformers  # noqa: F401


def _report(text: str) -> None:
    print(f"preferstream setup: {text}", flush=True)


if __name__ == "__main__":
    main()
