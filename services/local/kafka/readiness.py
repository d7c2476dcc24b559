"""Check whether a broker is ready: it answers a metadata request and lists itself."""

import socket

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

ANSWER_MILLISECONDS = 5_000


def serving_cluster(port: int) -> str | None:
    """Id of the cluster that answers on the port; None while none does."""
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
