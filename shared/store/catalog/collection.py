"""Create the collection of one vector space, with its quantization and payload indexes."""

import warnings
from typing import Any, Final

from qdrant_client import AsyncQdrantClient
from qdrant_client.http.models import (
    Distance,
    KeywordIndexParams,
    KeywordIndexType,
    OptimizersConfigDiff,
    PayloadSchemaType,
    ScalarQuantization,
    ScalarQuantizationConfig,
    ScalarType,
    TurboQuantBitSize,
    TurboQuantization,
    TurboQuantQuantizationConfig,
    VectorParams,
)

from shared.store.catalog.combined import COMBINED, combined_size
from shared.store.catalog.payload import PUBLISHED_AT, SUBJECT_WORDS
from shared.store.edge.client import EdgeQdrant
from shared.store.qdrant import VectorSizes, ensure_collection, qdrant_errors

KEYWORDS: Final = ("author_id", "tags", "index.content_hash", SUBJECT_WORDS)
TIMES: Final = ("created_at", "available_from", "available_until", PUBLISHED_AT)
SERVER_QUANTIZATION: Final = ScalarQuantization(
    scalar=ScalarQuantizationConfig(type=ScalarType.INT8, quantile=0.99, always_ram=True)
)
"""One byte a number in memory; the exact vectors stay on the disk and rescore the best images."""
ENGINE_QUANTIZATION: Final = TurboQuantization(
    turbo=TurboQuantQuantizationConfig(bits=TurboQuantBitSize.BITS1, always_ram=True)
)
"""One bit a number: a quarter of the time to compare. With more images to rescore, as many of the
nearest ones are returned. A server needs version 1.18 for it, so servers get the other one."""
ENGINE_OPTIMIZERS: Final = OptimizersConfigDiff(max_segment_size=256 << 10)  # KB
"""Of the largest vector: 20,000 images. Each segment rescores images of its own, so that few large
ones are faster to search; a merge stops the engine for 5 seconds at most."""


async def prepare_collection(client: AsyncQdrantClient, name: str, sizes: VectorSizes) -> None:
    """Create the collection and its payload indexes if they are missing; safe to repeat."""
    combined = VectorParams(size=combined_size(sizes), distance=Distance.DOT, on_disk=True)
    is_engine = isinstance(client, EdgeQdrant)
    await ensure_collection(
        client,
        name,
        sizes,
        on_disk=True,
        others={COMBINED: combined},
        quantization=ENGINE_QUANTIZATION if is_engine else SERVER_QUANTIZATION,
        optimizers=ENGINE_OPTIMIZERS if is_engine else None,
    )
    schemas: dict[str, Any] = {
        # Qdrant keeps the points of one tenant together.
        "tenant": KeywordIndexParams(type=KeywordIndexType.KEYWORD, is_tenant=True),
        **dict.fromkeys(KEYWORDS, PayloadSchemaType.KEYWORD),
        **dict.fromkeys(TIMES, PayloadSchemaType.DATETIME),
    }
    with qdrant_errors(), warnings.catch_warnings():
        # The client's local mode has no indexes and warns about the call.
        warnings.simplefilter("ignore", UserWarning)
        for field, schema in schemas.items():
            await client.create_payload_index(name, field_name=field, field_schema=schema)
