"""The client's calls about collections, payload indexes and aliases, on the embedded engine."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from qdrant_client.async_client_base import AsyncQdrantBase
from qdrant_client.conversions import common_types as types
from qdrant_client.http import models

from shared.store.edge.engine_process import EngineProcess
from shared.store.edge.translation import collection_config, collection_info, schema_name

DONE: Final = models.UpdateResult(status=models.UpdateStatus.COMPLETED)


class CollectionCalls(AsyncQdrantBase):
    """Calls that the client hands on. All others raise `NotImplementedError`."""

    def __init__(self, engine: EngineProcess) -> None:
        super().__init__()
        self.engine = engine

    async def close(self, **kwargs: Any) -> None:
        await self.engine.close()

    async def collection_exists(self, collection_name: str, **kwargs: Any) -> bool:
        return bool(await self.engine.call("collection_exists", collection_name))

    async def create_collection(
        self,
        collection_name: str,
        vectors_config: types.VectorParams | Mapping[str, types.VectorParams] | None = None,
        **options: Any,
    ) -> bool:
        """Create a collection. Without `hnsw_config`, its searches are exact."""
        config = collection_config(vectors_config, options)
        await self.engine.call("create_collection", collection_name, config)
        return True

    async def delete_collection(self, collection_name: str, **kwargs: Any) -> bool:
        return bool(await self.engine.call("delete_collection", collection_name))

    async def get_collections(self, **kwargs: Any) -> types.CollectionsResponse:
        names = await self.engine.call("collection_names")
        return models.CollectionsResponse(
            collections=[models.CollectionDescription(name=name) for name in names]
        )

    async def get_collection(self, collection_name: str, **kwargs: Any) -> types.CollectionInfo:
        return collection_info(await self.engine.call("collection_info", collection_name))

    async def create_payload_index(
        self,
        collection_name: str,
        field_name: str,
        field_schema: Any = None,
        field_type: Any = None,
        **kwargs: Any,
    ) -> types.UpdateResult:
        schema = schema_name(field_schema or field_type)
        await self.engine.call("create_payload_index", collection_name, field_name, schema)
        return DONE

    async def delete_payload_index(
        self, collection_name: str, field_name: str, **kwargs: Any
    ) -> types.UpdateResult:
        await self.engine.call("delete_payload_index", collection_name, field_name)
        return DONE

    async def update_collection_aliases(
        self, change_aliases_operations: Sequence[types.AliasOperations], **kwargs: Any
    ) -> bool:
        """Change aliases, all or none; so a new index takes over between two queries."""
        changes: list[tuple[str, str, str]] = []
        for change in change_aliases_operations:
            match change:
                case models.CreateAliasOperation(create_alias=create):
                    changes.append(("create", create.alias_name, create.collection_name))
                case models.RenameAliasOperation(rename_alias=rename):
                    changes.append(("rename", rename.old_alias_name, rename.new_alias_name))
                case models.DeleteAliasOperation(delete_alias=delete):
                    changes.append(("delete", delete.alias_name, ""))
                case _:
                    raise ValueError(f"Unknown change of aliases: {change!r}")
        await self.engine.call("change_aliases", changes)
        return True

    async def get_aliases(self, **kwargs: Any) -> types.CollectionsAliasesResponse:
        aliases = await self.engine.call("aliases")
        return models.CollectionsAliasesResponse(
            aliases=[
                models.AliasDescription(alias_name=alias, collection_name=collection)
                for alias, collection in aliases.items()
            ]
        )

    async def get_collection_aliases(
        self, collection_name: str, **kwargs: Any
    ) -> types.CollectionsAliasesResponse:
        everything = await self.get_aliases()
        return models.CollectionsAliasesResponse(
            aliases=[a for a in everything.aliases if a.collection_name == collection_name]
        )
