"""Ask a broker whether it serves: it must answer a metadata request and know itself."""

import socket

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

ANSWER_MILLISECONDS = 5_000


def serving_cluster(port: int) -> str | None:
    """The id of the cluster that serves on the port; None while it does not."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        if probe.connect_ex(("127.0.0.1", port)) != 0:
            return None
    try:
        admin = KafkaAdminClient(
            bootstrap_servers=f"127.0.0.1:{port}",
            bootstrap_timeout_ms=ANSWER_MILLISECONDS,
            request_timeout_ms=ANSWER_MILLISECONDS,
        )
        try:
            cluster = admin.describe_cluster()
        finally:
            admin.close()
    except (KafkaError, OSError):
        return None
    return str(cluster["cluster_id"]) if cluster.get("brokers") else None
