"""Do once what would slow down the first starts: `python -m services.local.prepare`.

Downloads Kafka, writes Java's class cache, and writes the bytecode of all modules that a start
imports. `make` runs it after the installation. Every step is optional: a start works without it.
"""

import asyncio
import sys

from services.local.kafka.class_cache import NoClassCache, write_class_cache
from services.local.kafka.errors import KafkaDidNotStart
from services.local.kafka.jars import resolve_jars
from shared.vlm.settings import ModelSettings


def main() -> None:
    # Python writes the bytecode of what it imports, unless the environment forbids it.
    sys.dont_write_bytecode = False
    try:
        write_class_cache(resolve_jars(_report))
    except (KafkaDidNotStart, NoClassCache) as error:
        _report(f"Kafka is not prepared, so its first start takes longer: {error}")
    asyncio.run(_import_all())


async def _import_all() -> None:
    """Import the services and the demo, and load model and embedder: they import on first use."""
    import services.cli.verbs.system.demo
    import services.local.services  # noqa: F401  # imported for its bytecode
    from shared.embedding.minilm import MiniLM
    from shared.vlm.factory import open_model

    async with open_model(ModelSettings()):
        embedder = MiniLM()
        await embedder.embed(["blue"])
        embedder.close()


def _report(text: str) -> None:
    print(f"preferstream setup: {text}", flush=True)


if __name__ == "__main__":
    main()
