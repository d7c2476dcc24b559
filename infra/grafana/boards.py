"""Write the Grafana dashboards in `boards/` as JSON, from the panels that are listed here.

`python infra/grafana/boards.py --write` writes them. Without `--write`, it exits with code 1 when a
file differs.
"""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

FOLDER: Final = Path(__file__).resolve().parent / "boards"
SOURCE: Final = {"type": "prometheus", "uid": "prometheus"}
RATE: Final = "$__rate_interval"
PANELS_PER_ROW: Final = 3
"""Grafana's grid has 24 columns."""
HEIGHT: Final = 8

Unit = Literal["s", "short", "reqps", "percentunit", "bytes", "none"]


@dataclass(frozen=True)
class Panel:
    """One panel of a dashboard."""

    title: str
    unit: Unit
    queries: tuple[tuple[str, str], ...]
    """PromQL and the template of the legend, for each query."""
    description: str
    """Sentence that Grafana shows at the information mark of the panel."""
    kind: Literal["timeseries", "stat", "table"] = "timeseries"


@dataclass(frozen=True)
class Board:
    """One dashboard: its identifier, title and panels."""

    uid: str
    title: str
    panels: tuple[Panel, ...]


def _quantiles(metric: str, by: str = "", where: str = "") -> tuple[tuple[str, str], ...]:
    labels = f"le, {by}" if by else "le"
    legend = f" {{{{{by}}}}}" if by else ""
    return tuple(
        (
            f"histogram_quantile({q}, sum by ({labels}) (rate({metric}_bucket{where}[{RATE}])))",
            f"p{round(q * 100)}{legend}",
        )
        for q in (0.5, 0.95)
    )


def _rate(metric: str, by: str, where: str = "") -> tuple[tuple[str, str], ...]:
    return ((f"sum by ({by}) (rate({metric}{where}[{RATE}]))", f"{{{{{by}}}}}"),)


WRITTEN = "preferstream_topic_written_events_total"
NEWEST = "preferstream_topic_newest_timestamp_seconds"

OVERVIEW = Board(
    "preferstream-overview",
    "Preferstream: overview",
    (
        Panel("Processes up", "none",
              (('sum by (service) (up{job="preferstream"})', "{{service}}"),),
              "Number of processes of each service that answer a scrape.", "stat"),
        Panel("Events written", "reqps", _rate(WRITTEN, "topic"),
              "Events per second by topic, from the end offsets."),
        Panel("Consumer lag", "short",
              (("sum by (group) (preferstream_group_lag_events)", "{{group}}"),),
              "Events that each consumer group has not committed, even when it has no consumer."),
        Panel("Feed latency", "s",
              _quantiles("preferstream_event_age_seconds", where='{topic="image.candidates.v1"}'),
              "Seconds from writing a request to Kafka to the published feed."),
        Panel("Profile latency", "s",
              _quantiles("preferstream_event_age_seconds", where='{topic="feedback.v1"}'),
              "Seconds from writing feedback to Kafka to the published profile."),
        Panel("Dead letters", "reqps", _rate("preferstream_dead_letters_total", "reason"),
              "Events per second that become dead letters, by reason."),
        Panel("Dead letters kept", "short",
              (("sum by (topic) (preferstream_dead_letters_kept_events)", "{{topic}}"),),
              "Dead letters that Kafka still holds, by topic.", "stat"),
        Panel("Age of the newest event", "s",
              ((f"time() - max by (topic) ({NEWEST})", "{{topic}}"),),
              "Seconds since the newest event of each topic, also for profiles and promotions."),
        Panel("Group members", "none",
              (("sum by (group) (preferstream_group_members)", "{{group}}"),),
              "Consumers in each group; 0 means that nothing reads the topic.", "stat"),
        Panel("Memory", "bytes",
              (('process_resident_memory_bytes{job="preferstream"}', "{{service}} {{instance}}"),),
              "Resident memory of each process."),
        Panel("CPU", "none",
              ((f'rate(process_cpu_seconds_total{{job="preferstream"}}[{RATE}])',
                "{{service}} {{instance}}"),),
              "Cores that each process uses."),
        Panel("Failed polls of the cluster", "reqps",
              ((f"sum(rate(preferstream_monitor_failures_total[{RATE}]))", "failed"),
               ("time() - max(preferstream_monitor_last_success_timestamp_seconds)", "success")),
              "Failed polls per second, and seconds since the last successful poll."),
        Panel("Partitions that cannot be read", "none",
              (("sum by (service, topic) (preferstream_blocked_partitions)",
                "{{service}} {{topic}}"),
               ("sum(preferstream_reader_blocked_partitions)", "gateway")),
              "Partitions whose next record cannot be fetched; it stays there until a repair."),
        Panel("Records behind an open transaction", "short",
              (("sum by (topic) (preferstream_topic_held_back_events)", "{{topic}}"),),
              "Records that a producer's open transaction holds back, by topic."),
        Panel("Free disk space", "bytes",
              (("min by (folder) (preferstream_disk_free_bytes)", "{{folder}}"),),
              "Free bytes on the disk of each folder."),
    ),
)  # fmt: skip

FEEDS = Board(
    "preferstream-feeds",
    "Preferstream: feeds",
    (
        Panel("Feeds", "reqps", _rate("preferstream_feeds_total", "status"),
              "Feeds per second by status; a degraded feed lacks the model's scores, or images"
              " of the catalog that its request wanted."),
        Panel("Degraded feeds", "percentunit",
              ((f'sum(rate(preferstream_feeds_total{{status="degraded"}}[{RATE}]))'
                f" / sum(rate(preferstream_feeds_total[{RATE}]))", "degraded"),),
              "Share of the feeds without the model's scores or without images of the catalog."),
        Panel("Images ranked", "reqps", _rate("preferstream_images_ranked_total", "tier"),
              "Images per second by tier: the model, descriptions, popularity, the order sent."),
        Panel("Scores by origin", "reqps", _rate("preferstream_scores_total", "origin"),
              "Scores of images by a taste per second: computed by the model, or kept in memory."),
        Panel("Scores kept in memory", "short",
              (("sum by (instance) (preferstream_score_cache_entries)", "{{instance}}"),),
              "Scores that the assessor keeps, so that an image is not scored again."),
        Panel("Background work at the model", "reqps",
              ((f"max by (work, load) (rate(preferstream_background_items_total[{RATE}]))",
                "{{work}}, {{load}}"),
               (f"max by (work) (rate(preferstream_background_seconds_total[{RATE}]))",
                "{{work}}, seconds a second"),
               ("max(preferstream_model_requests)", "requests in work")),
              "Images per second of background work, in quiet times and during requests."),
        Panel("Feed stages", "s", _quantiles("preferstream_feed_stage_seconds", by="stage"),
              "Seconds of each stage of a feed."),
        Panel("Processing time of one event", "s",
              _quantiles("preferstream_event_seconds", by="topic"),
              "Seconds from receiving an event to its acknowledged effect."),
        Panel("Events in flight", "short",
              (("sum by (topic) (preferstream_events_in_flight)", "{{topic}}"),),
              "Events that are being processed."),
        Panel("Lag as the consumers report it", "short",
              (("sum by (service, topic) (preferstream_consumer_lag_events)",
                "{{service}} {{topic}}"),),
              "Missing while a consumer is down; the lag of the overview is not."),
        Panel("Retries", "reqps", _rate("preferstream_event_retries_total", "topic"),
              "Retries per second: a dependency does not answer."),
        Panel("Images rejected", "reqps", _rate("preferstream_images_rejected_total", "reason"),
              "Images per second that could not be loaded, by reason."),
        Panel("Failures of image hosts", "reqps",
              _rate("preferstream_image_host_failures_total", "kind"),
              "Failed requests to image hosts per second, by kind."),
        Panel("Circuits of image hosts", "short",
              (("sum by (circuit) (preferstream_image_circuits_open)", "open {{circuit}}"),
               ("sum(increase(preferstream_images_refused_by_circuit_total[1h]))", "refused")),
              "Circuits that are open now, and images that they refused within an hour."),
        Panel("Requests that wait for capacity", "short",
              (("sum by (stage) (preferstream_requests_waiting)", "{{stage}}"),),
              "Requests that wait because others use the capacity, by stage."),
        Panel("Opinions counted as popularity", "short",
              (("sum by (instance) (preferstream_popularity_entries)", "{{instance}}"),),
              "Opinions of users on images in memory, for users without a taste."),
        Panel("Events handled", "reqps", _rate("preferstream_events_handled_total", "topic"),
              "Events per second whose effect is acknowledged."),
        Panel("Explored and demoted", "reqps",
              ((f"sum(rate(preferstream_images_explored_total[{RATE}]))", "explored"),
               (f"sum by (rule) (rate(preferstream_images_demoted_total[{RATE}]))", "{{rule}}"),
               (f"sum by (rule) (rate(preferstream_images_ruled_total[{RATE}]))", "shop {{rule}}")),
              "Images per second that exploration moved, that a rule ranked lower, or that the"
              " shop's rules moved."),
        Panel("Images from the catalog", "reqps",
              ((f"sum by (source) (rate(preferstream_images_retrieved_total[{RATE}]))",
                "{{source}}"),),
              "Images per second that were found in the catalog: by words, likes, similarity,"
              " popularity, age or chance."),
        Panel("Duplicates, erasures and rationales", "reqps",
              ((f"sum(rate(preferstream_duplicate_requests_total[{RATE}]))", "duplicate requests"),
               (f"sum(rate(preferstream_reused_request_ids_total[{RATE}]))", "reused ids"),
               (f"sum(rate(preferstream_requests_erased_total[{RATE}]))", "erased users"),
               (f"sum(rate(preferstream_explanation_problems_total[{RATE}]))", "rationales")),
              "Requests without a new feed or with a used id, and rationales that do not fit the"
              " score."),
        Panel("HTTP requests", "reqps", _rate("preferstream_http_requests_total", "status"),
              "Dashboard and gateway: requests per second by status."),
        Panel("HTTP latency", "s", _quantiles("preferstream_http_request_seconds", by="route"),
              "Dashboard and gateway: seconds to the start of a response."),
        Panel("Event streams opened", "reqps",
              ((f"sum(rate(preferstream_http_streams_total[{RATE}]))", "streams"),),
              "Dashboard and gateway: event streams opened per second."),
    ),
)  # fmt: skip

LEARNING = Board(
    "preferstream-learning",
    "Preferstream: profiles and training",
    (
        Panel("Profiles updated", "reqps",
              ((f"sum(rate(preferstream_profiles_updated_total[{RATE}]))", "new versions"),),
              "New versions of profiles per second."),
        Panel("Profile prediction", "s", _quantiles("preferstream_profile_prediction_seconds"),
              "Seconds to predict one profile from its references."),
        Panel("Problems of predictions", "reqps",
              ((f"sum(rate(preferstream_profile_answer_problems_total[{RATE}]))", "elements"),
               (f"sum(rate(preferstream_profile_references_lost_total[{RATE}]))", "images"),
               (f"sum(rate(preferstream_profile_image_retries_total[{RATE}]))", "retries")),
              "Elements that could not be parsed, references without an image, and feedback that"
              " waits for its image, per second."),
        Panel("Feedback that others outweigh", "reqps",
              ((f"sum by (reason) (rate(preferstream_profile_feedback_ignored_total[{RATE}]))",
                "{{reason}}"),
               (f"sum(rate(preferstream_profile_statements_overruled_total[{RATE}]))",
                "overruled statements")),
              "Feedback that is no reference, by reason, and statements that feedback on feeds"
              " overrules, per second."),
        Panel("Serving models", "none",
              (("count by (variant, model_version) (preferstream_model_serving_info)",
                "{{variant}} {{model_version}}"),),
              "Number of processes that serve each version.", "table"),
        Panel("Challenger share", "percentunit",
              (("max by (use) (preferstream_model_challenger_share_ratio)", "{{use}}"),),
              "Share of users (canary) and of requests (shadow) that go to the challenger."),
        Panel("Agreement of champion and challenger", "percentunit",
              ((f"sum(rate(preferstream_shadow_pair_agreement_ratio_sum[{RATE}]))"
                f" / sum(rate(preferstream_shadow_pair_agreement_ratio_count[{RATE}]))", "pairs"),
               (f"sum(rate(preferstream_shadow_top1_agreement_total[{RATE}])) / sum(rate("
                f'preferstream_shadow_slates_total{{outcome="scored"}}[{RATE}]))', "best image")),
              "On shadow slates: pairs in the same order, and slates with the same best image."),
        Panel("Shadow slates", "reqps", _rate("preferstream_shadow_slates_total", "outcome"),
              "Slates per second that the challenger scored as a shadow, by outcome."),
        Panel("Rows collected", "reqps", _rate("preferstream_collected_rows_total", "table"),
              "Rows per second that were added to the lake."),
        Panel("Invalid rows", "reqps", _rate("preferstream_invalid_rows_total", "table"),
              "Rows per second that could not be decoded; training does not use them."),
        Panel("Time since the last collection", "s",
              (("time() - max(preferstream_collect_last_success_timestamp_seconds > 0)",
                "seconds"),),
              "Seconds since the last collection without a problem.", "stat"),
        Panel("Duration of a collection", "s", _quantiles("preferstream_collect_seconds"),
              "Seconds to collect all tables."),
        Panel("Backlog, lost records, failures", "short",
              (("sum by (table) (preferstream_collect_backlog_records)", "backlog {{table}}"),
               ("sum by (table) (increase(preferstream_collect_lost_records_total[1h]))",
                "lost {{table}}"),
               ("sum by (table) (increase(preferstream_collect_failures_total[1h]))",
                "failed {{table}}")),
              "Records after the last commit; lost records and failures within an hour."),
        Panel("Time since the latest training job", "s",
              (("time() - max by (verdict) (preferstream_training_job_latest_timestamp_seconds)",
                "{{verdict}}"),),
              "By verdict, from the log of all training jobs.", "stat"),
        Panel("Latest training job", "none",
              (("max by (verdict, code) (preferstream_training_job_latest_info)",
                "{{verdict}} {{code}}"),),
              "Its verdict and the code of the reason.", "table"),
        Panel("Running training job", "s",
              (("max(preferstream_training_job_spent_seconds"
                " * preferstream_training_job_running)", "used budget"),
               ("max((time() - preferstream_training_job_heartbeat_timestamp_seconds)"
                " * preferstream_training_job_running)", "since the last heartbeat")),
              "Seconds of the budget that are used, and seconds since the last progress."),
        Panel("Training jobs in a week", "short",
              (("sum by (verdict, code) (increase(preferstream_training_jobs_total[7d]))",
                "{{verdict}} {{code}}"),
               ("sum(increase(preferstream_training_jobs_skipped_total[7d]))", "skipped"),
               ("max(preferstream_consecutive_inconclusive_jobs)", "inconclusive in a row")),
              "Training jobs that ended in the retrain service within 7 days."),
        Panel("Duration of a training job", "s",
              (("histogram_quantile(0.5, sum by (le) (increase("
                "preferstream_training_job_seconds_bucket[7d])))", "p50"),
               ("time() - max by (verdict) (preferstream_training_job_last_end_timestamp_seconds)",
                "since {{verdict}}")),
              "Seconds from collection to verdict, and since the last end in the retrain service."),
        Panel("Canary checks", "reqps",
              _rate("preferstream_canary_checks_total", "verdict"),
              "Checks per second of a canary or shadow, by verdict."),
        Panel("Lake files", "short", (("sum by (table) (preferstream_lake_files)", "{{table}}"),),
              "Files of each table of the lake."),
    ),
)  # fmt: skip

CATALOG = Board(
    "preferstream-catalog",
    "Preferstream: catalog",
    (
        Panel("Images", "short",
              (("max by (state) (preferstream_catalog_images)", "{{state}}"),
               ("max(preferstream_catalog_retrying_images)", "wait for their host")),
              "Images of the catalog; outdated ones serve until a newer model describes them."),
        Panel("Published, removed, indexed", "reqps",
              ((f"sum(rate(preferstream_catalog_published_total[{RATE}]))", "published"),
               (f"sum(rate(preferstream_catalog_removed_total[{RATE}]))", "removed"),
               (f"sum(rate(preferstream_catalog_indexed_total[{RATE}]))", "indexed"),
               (f"sum(rate(preferstream_catalog_contents_total[{RATE}]))", "contents described")),
              "Images per second; equal images under several ids are one content."),
        Panel("Failed and tried again", "reqps",
              (*_rate("preferstream_catalog_failed_total", "reason"),
               (f"sum(rate(preferstream_catalog_retried_total[{RATE}]))", "tried again later")),
              "Images per second that cannot be indexed, by reason, or are tried again later."),
        Panel("Stages of indexing", "s",
              _quantiles("preferstream_catalog_index_seconds", by="stage"),
              "Seconds to load one image, and to encode, describe and write one batch."),
        Panel("Re-indexing for another encoder", "percentunit",
              (("min(preferstream_catalog_reindexed_ratio)", "done"),),
              "Share of the images that are done; the old encoder's collection serves below 1."),
    ),
)  # fmt: skip

BOARDS: Final = (OVERVIEW, FEEDS, LEARNING, CATALOG)


def as_json(board: Board) -> str:
    """The dashboard in the JSON format of Grafana."""
    model: dict[str, Any] = {
        "uid": board.uid,
        "title": board.title,
        "tags": ["preferstream"],
        "timezone": "browser",
        "schemaVersion": 41,
        "version": 1,
        "refresh": "15s",
        "time": {"from": "now-1h", "to": "now"},
        "links": [
            {"type": "dashboards", "tags": ["preferstream"], "title": "Boards", "asDropdown": True}
        ],
        "panels": [_panel(number, panel) for number, panel in enumerate(board.panels)],
    }
    return json.dumps(model, indent=2) + "\n"


def _panel(number: int, panel: Panel) -> dict[str, Any]:
    width = 24 // PANELS_PER_ROW
    return {
        "id": number + 1,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.description,
        "datasource": SOURCE,
        "gridPos": {
            "x": number % PANELS_PER_ROW * width, "y": number // PANELS_PER_ROW * HEIGHT,
            "w": width, "h": HEIGHT,
        },
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "options": {} if panel.kind == "table" else {"legend": {"displayMode": "list"}},
        "targets": [
            {
                "refId": chr(ord("A") + index),
                "datasource": SOURCE,
                "expr": expr,
                "legendFormat": legend,
                **({"instant": True, "format": "table"} if panel.kind == "table" else {}),
            }
            for index, (expr, legend) in enumerate(panel.queries)
        ],
    }  # fmt: skip


def main() -> None:
    write = "--write" in sys.argv[1:]
    for board in BOARDS:
        path = FOLDER / f"{board.uid}.json"
        if write:
            path.write_text(as_json(board), encoding="utf-8")
        elif not path.is_file() or path.read_text("utf-8") != as_json(board):
            sys.exit(
                f"{path.name} differs from boards.py; run `python infra/grafana/boards.py --write`"
            )


if __name__ == "__main__":
    main()
