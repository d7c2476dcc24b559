"""Settings of the MCP server."""

from pydantic import BaseModel, ConfigDict, Field


class McpSettings(BaseModel):
    """Settings of `preferstream mcp`; the gateway that it calls is that of the command line."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    mcp_wait_seconds: float = Field(default=30.0, ge=0, le=60)
    """Seconds for which a tool of `preferstream mcp` waits for a feed before it is `pending`."""
