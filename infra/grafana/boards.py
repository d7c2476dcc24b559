"""Write Grafana's boards: each panel is one line here, and a whole JSON object in `boards/`.

`python infra/grafana/boards.py --write`; without it, exit code 1 when a board is not as said here.
"""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

FOLDER: Final = Path(__file__).resolve().parent / "boards"
SOURCE: Final = {"type": "prometheus", "uid": "prometheus"}
RATE: Final = "$__rate_interval"
ROW_OF: Final = 3
"""Panels side by side; Grafana's grid is 24 wide."""
HEIGHT: Final = 8

Unit = Literal["s", "short", "reqps", "percentunit", "bytes", "none"]


@dataclass(frozen=True)
class Panel:
    """A picture of one or a few queries; `tells` stands behind its information mark."""

    title: str
    unit: Unit
    queries: tuple[tuple[str, str], ...]
    """Query, and the legend's template."""
    tells: str
    kind: Literal["timeseries", "stat", "table"] = "timeseries"


@dataclass(frozen=True)
class Board:
    """One page of panels."""

    uid: str
    title: str
    panels: tuple[Panel, ...]


def _quantiles(metric: str, by: str = "", where: str = "") -> tuple[tuple[str, str], ...]:
    labels = f"le, {by}" if by else "le"
    shown = f" {{{{{by}}}}}" if by else ""
    return tuple(
        (
            f"histogram_quantile({q}, sum by ({labels}) (rate({metric}_bucket{where}[{RATE}])))",
            f"p{round(q * 100)}{shown}",
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
        Panel("Processes that answer", "none",
              (('sum by (service) (up{job="preferstream"})', "{{service}}"),),
              "Scraped processes of each service that answer.", "stat"),
        Panel("Events written", "reqps", _rate(WRITTEN, "topic"),
              "Events a second by topic, from the cluster's offsets."),
        Panel("Lag", "short",
              (("sum by (group) (preferstream_group_lag_events)", "{{group}}"),),
              "Events that each consumer group has not committed, also when its consumer is dead."),
        Panel("From request to feed", "s",
              _quantiles("preferstream_event_age_seconds", where='{topic="image.candidates.v1"}'),
              "Seconds from a request's writing to Kafka to its published feed."),
        Panel("From action to taste", "s",
              _quantiles("preferstream_event_age_seconds", where='{topic="feedback.v1"}'),
              "Seconds from an action's writing to Kafka to the published profile."),
        Panel("Dead letters", "reqps", _rate("preferstream_dead_letters_total", "reason"),
              "Events set aside a second, by reason."),
        Panel("Dead letters kept", "short",
              (("sum by (topic) (preferstream_dead_letters_kept_events)", "{{topic}}"),),
              "What waits for a person, by topic.", "stat"),
        Panel("Since the newest event", "s",
              ((f"time() - max by (topic) ({NEWEST})", "{{topic}}"),),
              "How long ago each topic was last written to: freshness of tastes and model too."),
        Panel("Consumers", "none",
              (("sum by (group) (preferstream_group_members)", "{{group}}"),),
              "Members of each consumer group; 0 reads nothing.", "stat"),
        Panel("Memory", "bytes",
              (('process_resident_memory_bytes{job="preferstream"}', "{{service}} {{instance}}"),),
              "Resident memory of each process."),
        Panel("CPU", "none",
              ((f'rate(process_cpu_seconds_total{{job="preferstream"}}[{RATE}])',
                "{{service}} {{instance}}"),),
              "Cores that each process keeps busy."),
        Panel("Looks at the cluster that failed", "reqps",
              ((f"sum(rate(preferstream_monitor_failures_total[{RATE}]))", "failed"),
               ("time() - max(preferstream_monitor_last_success_timestamp_seconds)", "since")),
              "While the cluster does not answer, lag and freshness are unknown."),
    ),
)  # fmt: skip

FEEDS = Board(
    "preferstream-feeds",
    "Preferstream: feeds",
    (
        Panel("Feeds", "reqps", _rate("preferstream_feeds_total", "status"),
              "Feeds a second by status; degraded ones were ranked without the model."),
        Panel("Degraded", "percentunit",
              ((f'sum(rate(preferstream_feeds_total{{status="degraded"}}[{RATE}]))'
                f" / sum(rate(preferstream_feeds_total[{RATE}]))", "degraded"),),
              "Share of feeds that were ranked without the model."),
        Panel("Images ranked", "reqps", _rate("preferstream_images_ranked_total", "tier"),
              "Images a second by tier: the model, what was seen before, the order sent."),
        Panel("Stages", "s", _quantiles("preferstream_feed_stage_seconds", by="stage"),
              "Seconds of a feed by stage."),
        Panel("Work on one event", "s", _quantiles("preferstream_event_seconds", by="topic"),
              "Seconds from taking an event in to its acknowledged effect."),
        Panel("In work", "short",
              (("sum by (topic) (preferstream_events_in_flight)", "{{topic}}"),),
              "Events in work at this moment."),
        Panel("Unread by the consumers' own count", "short",
              (("sum by (service, topic) (preferstream_consumer_lag_events)",
                "{{service}} {{topic}}"),),
              "Ends with the consumer; the lag on the overview does not."),
        Panel("Retries", "reqps", _rate("preferstream_event_retries_total", "topic"),
              "Further attempts a second: a part that does not answer."),
        Panel("Images refused", "reqps", _rate("preferstream_images_rejected_total", "reason"),
              "Images a second that could not be loaded, by reason."),
        Panel("Handled", "reqps", _rate("preferstream_events_handled_total", "topic"),
              "Events a second whose effect is acknowledged."),
        Panel("Explored and demoted", "reqps",
              ((f"sum(rate(preferstream_images_explored_total[{RATE}]))", "explored"),
               (f"sum by (rule) (rate(preferstream_images_demoted_total[{RATE}]))", "{{rule}}")),
              "Images whose place was drawn by chance, or that stand lower by a rule."),
        Panel("Requests and reasons left out", "reqps",
              ((f"sum(rate(preferstream_duplicate_requests_total[{RATE}]))", "repeated"),
               (f"sum(rate(preferstream_requests_erased_total[{RATE}]))", "of erased people"),
               (f"sum(rate(preferstream_explanation_problems_total[{RATE}]))", "reasons")),
              "Requests that had their feed or whose user was erased; reasons unlike their score."),
        Panel("HTTP requests", "reqps", _rate("preferstream_http_requests_total", "status"),
              "Dashboard and gateway: requests a second by status."),
        Panel("HTTP seconds", "s", _quantiles("preferstream_http_request_seconds", by="route"),
              "Dashboard and gateway: seconds to the start of an answer."),
        Panel("Live streams opened", "reqps",
              ((f"sum(rate(preferstream_http_streams_total[{RATE}]))", "streams"),),
              "Dashboard and gateway: live streams opened a second."),
    ),
)  # fmt: skip

LEARNING = Board(
    "preferstream-learning",
    "Preferstream: taste and learning",
    (
        Panel("Profiles", "reqps",
              ((f"sum(rate(preferstream_profiles_updated_total[{RATE}]))", "new versions"),),
              "New versions of taste profiles a second."),
        Panel("Prediction", "s", _quantiles("preferstream_profile_prediction_seconds"),
              "Seconds to predict one taste from its references."),
        Panel("What predictions lack", "reqps",
              ((f"sum(rate(preferstream_profile_answer_problems_total[{RATE}]))", "unreadable"),
               (f"sum(rate(preferstream_profile_references_lost_total[{RATE}]))", "images gone")),
              "Elements that could not be read, and references whose image is gone."),
        Panel("Models that serve", "none",
              (("count by (variant, model_version) (preferstream_model_serving_info)",
                "{{variant}} {{model_version}}"),),
              "Processes by the version that they serve.", "table"),
        Panel("The challenger's share", "percentunit",
              (("max by (use) (preferstream_model_challenger_share_ratio)", "{{use}}"),),
              "Share of users (canary) and of requests scored unseen (shadow)."),
        Panel("Champion and challenger agree", "percentunit",
              ((f"sum(rate(preferstream_shadow_pair_agreement_ratio_sum[{RATE}]))"
                f" / sum(rate(preferstream_shadow_pair_agreement_ratio_count[{RATE}]))", "pairs"),
               (f"sum(rate(preferstream_shadow_top1_agreement_total[{RATE}])) / sum(rate("
                f'preferstream_shadow_slates_total{{outcome="scored"}}[{RATE}]))', "first image")),
              "On slates that the challenger scored unseen."),
        Panel("Shadow slates", "reqps", _rate("preferstream_shadow_slates_total", "outcome"),
              "Slates that the challenger scored unseen, by outcome."),
        Panel("Rows collected", "reqps", _rate("preferstream_collected_rows_total", "table"),
              "Rows a second added to the lake."),
        Panel("Rows refused", "reqps", _rate("preferstream_invalid_rows_total", "table"),
              "Records a second that could not be read; they are kept and not learned from."),
        Panel("Since the last collection", "s",
              (("time() - max(preferstream_collect_last_success_timestamp_seconds > 0)",
                "seconds"),),
              "Since the last collection without a problem.", "stat"),
        Panel("A collection takes", "s", _quantiles("preferstream_collect_seconds"),
              "Seconds of a collection of all tables."),
        Panel("Left behind, lost, failed", "short",
              (("sum by (table) (preferstream_collect_backlog_records)", "left {{table}}"),
               ("sum by (table) (increase(preferstream_collect_lost_records_total[1h]))",
                "lost {{table}}"),
               ("sum by (table) (increase(preferstream_collect_failures_total[1h]))",
                "failed {{table}}")),
              "Records after the last commit; records that Kafka had deleted; failures an hour."),
        Panel("Since the latest night", "s",
              (("time() - max by (verdict) (preferstream_training_job_latest_timestamp_seconds)",
                "{{verdict}}"),),
              "By verdict, from the log of the nights, whoever ran them.", "stat"),
        Panel("The latest night", "none",
              (("max by (verdict, code) (preferstream_training_job_latest_info)",
                "{{verdict}} {{code}}"),),
              "Its verdict, and why in one word.", "table"),
        Panel("A night that runs", "s",
              (("max(preferstream_training_job_spent_seconds * preferstream_training_job_running)", "spent"),
               ("max((time() - preferstream_training_job_heartbeat_timestamp_seconds)"
                " * preferstream_training_job_running)", "since its last sign")),
              "What it has taken of its budget, and how long it has been silent."),
        Panel("Nights here", "short",
              (("sum by (verdict, code) (increase(preferstream_training_jobs_total[7d]))",
                "{{verdict}} {{code}}"),
               ("sum(increase(preferstream_training_jobs_skipped_total[7d]))", "skipped"),
               ("max(preferstream_consecutive_inconclusive_jobs)", "in a row without a verdict")),
              "Nights of a week that came to an end in a scraped process."),
        Panel("A night takes", "s",
              (("histogram_quantile(0.5, sum by (le) (increase("
                "preferstream_training_job_seconds_bucket[7d])))", "p50"),
               ("time() - max by (verdict) (preferstream_training_job_last_end_timestamp_seconds)",
                "since {{verdict}} here")),
              "Seconds from collection to verdict, over a week."),
        Panel("Looks at what is tried out", "reqps",
              _rate("preferstream_canary_checks_total", "verdict"),
              "Looks a second at a canary or shadow, by what they found."),
        Panel("Files", "short", (("sum by (table) (preferstream_lake_files)", "{{table}}"),),
              "Files of each table of the lake."),
    ),
)  # fmt: skip

BOARDS: Final = (OVERVIEW, FEEDS, LEARNING)


def as_json(board: Board) -> str:
    """The board as Grafana reads it."""
    made: dict[str, Any] = {
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
    return json.dumps(made, indent=2) + "\n"


def _panel(number: int, panel: Panel) -> dict[str, Any]:
    width = 24 // ROW_OF
    return {
        "id": number + 1,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.tells,
        "datasource": SOURCE,
        "gridPos": {
            "x": number % ROW_OF * width, "y": number // ROW_OF * HEIGHT, "w": width, "h": HEIGHT,
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
            sys.exit(f"{path.name} is not as boards.py has it; run it again with --write")


if __name__ == "__main__":
    main()
