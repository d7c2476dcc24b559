"""An object store is configured by its endpoint; credentials come from the environment."""

from shared.files.storage_options import delta_options, s3fs_options


def test_without_an_endpoint_delta_needs_no_options() -> None:
    assert delta_options(None) == {}


def test_plain_http_is_allowed_only_where_the_endpoint_names_it() -> None:
    assert delta_options("http://minio:9000") == {
        "AWS_ENDPOINT_URL": "http://minio:9000",
        "AWS_ALLOW_HTTP": "true",
    }
    assert delta_options("https://store.example")["AWS_ALLOW_HTTP"] == "false"


def test_s3fs_gets_one_attempt_and_the_time_limit_of_its_caller() -> None:
    options = s3fs_options("https://store.example", anonymous=True, connect_seconds=5.0)
    assert options == {
        "endpoint_url": "https://store.example",
        "anon": True,
        "config_kwargs": {"retries": {"max_attempts": 1}, "connect_timeout": 5.0},
    }
    assert s3fs_options(None, anonymous=False)["config_kwargs"] == {"retries": {"max_attempts": 1}}
