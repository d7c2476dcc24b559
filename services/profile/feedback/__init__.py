"""Turn feedback events into stored references and impressions."""
