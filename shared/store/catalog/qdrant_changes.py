"""Build the operations that change points of the catalog; none of them creates a point."""

from typing import Any

from qdrant_client.http.models import (
    DeleteVectors,
    DeleteVectorsOperation,
    PointVectors,
    SetPayload,
    SetPayloadOperation,
    UpdateOperation,
    UpdateVectors,
    UpdateVectorsOperation,
)

from shared.store.catalog.combined import COMBINED, combined_vector
from shared.store.catalog.images import VECTOR_NAMES, IndexedContent
from shared.store.catalog.payload import INDEX, index_payload
from shared.store.qdrant import VectorSizes


def set_payload(point_id: str, payload: dict[str, Any]) -> SetPayloadOperation:
    """Set these fields of a point's payload, and keep the others."""
    return SetPayloadOperation(set_payload=SetPayload(payload=payload, points=[point_id]))


def index_changes(
    point_id: str, content: IndexedContent, sizes: VectorSizes
) -> list[UpdateOperation]:
    """The vectors that are known, without those that were known before, and the index.

    `sizes` are the dimensions of the named vectors.
    """
    unknown = [name for name in VECTOR_NAMES if name not in content.vectors]
    if not content.vectors:
        unknown.append(COMBINED)
    changes: list[UpdateOperation] = []
    if unknown:
        changes.append(
            DeleteVectorsOperation(delete_vectors=DeleteVectors(points=[point_id], vector=unknown))
        )
    if content.vectors:
        vector: dict[str, Any] = {name: v.tolist() for name, v in content.vectors.items()}
        vector[COMBINED] = combined_vector(content.vectors, sizes).tolist()
        changes.append(
            UpdateVectorsOperation(
                update_vectors=UpdateVectors(points=[PointVectors(id=point_id, vector=vector)])
            )
        )
    return [*changes, set_payload(point_id, index_payload(content.index))]


def no_index_changes(point_id: str) -> list[UpdateOperation]:
    """Remove the index and all vectors of a point."""
    vectors = DeleteVectors(points=[point_id], vector=[*VECTOR_NAMES, COMBINED])
    return [
        DeleteVectorsOperation(delete_vectors=vectors),
        set_payload(point_id, {INDEX: None}),
    ]
