"""Read an image from S3 or an S3-compatible store."""

import asyncio
import errno
import importlib
from collections.abc import Hashable
from typing import Any, Final

from shared.domain.errors import Unavailable, Unprocessable
from shared.files.storage_options import s3fs_options
from shared.images.capacity import Body
from shared.images.display_name import short
from shared.images.hosts.host_gate import Host, HostFailed, HostGate
from shared.images.refusals import too_many_bytes, too_slow
from shared.images.settings import ImageSettings

PART: Final = "s3"
INVALID_REQUEST: Final = frozenset({errno.EINVAL, errno.ENAMETOOLONG})
"""Error numbers of s3fs for requests that the store rejects as invalid."""


class S3Source:
    """Fetches `s3://bucket/key` images through fsspec; opens its client for the first image."""

    def __init__(self, settings: ImageSettings, *, gate: HostGate | None = None) -> None:
        self._settings = settings
        self._gate = gate or HostGate(settings)
        self._files: asyncio.Task[Any] | None = None
        self._boto: Any = None
        """The module of the client's errors, once it is imported."""

    async def fetch(
        self, uri: str, *, requester: Hashable | None = None, body: Body | None = None
    ) -> bytes:
        """The object's bytes; raises `Unprocessable` or `Unavailable`."""
        bucket, _, key = uri[len("s3://") :].partition("/")
        if uri[:5].lower() != "s3://" or not bucket or not key:
            raise Unprocessable("bad_uri", f"{short(uri)} is not of the form s3://bucket/key")
        # A store of our own is one host; at Amazon, the buckets are independent of each other.
        host = Host("s3", self._settings.s3_endpoint or bucket, None)
        requester = object() if requester is None else requester
        async with self._gate.visit(host, uri, requester) as visit:
            try:
                return await self._fetch(uri, f"{bucket}/{key}", body)
            except Unprocessable:
                visit.answered()
                raise

    async def _fetch(self, uri: str, path: str, body: Body | None) -> bytes:
        if self._boto is None:
            self._boto = await asyncio.to_thread(_import_client)
        boto, max_seconds = self._boto, self._settings.max_image_wait_seconds
        try:
            async with asyncio.timeout(max_seconds) as clock:
                return await self._read(uri, path, body, clock)
        except TimeoutError as error:
            late = too_slow(PART, uri, seconds=max_seconds)
            raise HostFailed(late.part, late.detail, kind="timeout") from error
        except FileNotFoundError as error:
            raise _missing(uri) from error
        except PermissionError as error:
            raise Unprocessable(
                "s3_forbidden",
                f"{short(uri)} may not be read with our credentials; grant them access",
            ) from error
        except (boto.NoCredentialsError, boto.PartialCredentialsError) as error:
            raise Unprocessable(
                "s3_forbidden",
                f"{short(uri)} needs credentials, and none are set"
                " (PREFERSTREAM_S3_ANONYMOUS=true reads public buckets without any)",
            ) from error
        # Both mean that the bucket or key is not a possible name.
        except (boto.ParamValidationError, ValueError) as error:
            raise Unprocessable(
                "bad_uri", f"{short(uri)} names no possible object; check its bucket and key"
            ) from error
        except OSError as error:
            if error.errno in INVALID_REQUEST:
                raise Unprocessable(
                    "s3_refused", f"{short(uri)}: the store rejects this request; check its address"
                ) from error
            raise HostFailed(
                PART, f"{short(uri)}: the store cannot answer now", kind="status"
            ) from error
        except boto.BotoCoreError as error:
            raise HostFailed(
                PART,
                f"{short(uri)}: the store cannot be reached ({type(error).__name__})",
                kind="connect",
            ) from error

    async def _read(self, uri: str, path: str, place: Body | None, clock: asyncio.Timeout) -> bytes:
        max_bytes = self._settings.max_image_bytes
        if self._files is None or (self._files.done() and self._files.exception()):
            self._files = asyncio.create_task(self._open())
        # Shielded: the timeout of one image would leave a half-open client that is never closed.
        files = await asyncio.shield(self._files)
        info = await files._info(path)
        if info["type"] != "file":
            raise _missing(uri)
        if info["size"] > max_bytes:
            raise too_many_bytes(uri, max_bytes)
        if info["size"] == 0:
            return b""
        if place is not None:
            await place.expect(info["size"], clock)
        # With an end, since the object may have grown after its size was read.
        body: bytes = await files._cat_file(path, start=0, end=max_bytes + 1)
        if len(body) > max_bytes:
            raise too_many_bytes(uri, max_bytes)
        return body

    async def _open(self) -> Any:
        from s3fs import S3FileSystem

        options = s3fs_options(self._settings.s3_endpoint, anonymous=self._settings.s3_anonymous)
        # The gate limits the connections; with the client's own limit of ten, images of a bucket
        # that hangs would delay all others.
        options["config_kwargs"]["max_pool_connections"] = self._settings.image_web_concurrency
        files = S3FileSystem(
            asynchronous=True,
            skip_instance_cache=True,
            use_listings_cache=False,
            **options,
        )
        try:
            await files.set_session()
        except ValueError as error:
            raise Unavailable(
                PART, "PREFERSTREAM_S3_ENDPOINT is not an address such as https://store.example"
            ) from error
        return files

    async def close(self) -> None:
        if self._files is None:
            return
        opening, self._files = self._files, None
        await asyncio.wait([opening])
        # A client that could not be opened has nothing to close; its images have the error.
        if not opening.cancelled() and opening.exception() is None:
            await (await opening.result().set_session()).close()


def _import_client() -> Any:
    """Import the client: it takes a second, which only readers of S3 need, and runs in a thread."""
    importlib.import_module("s3fs")
    return importlib.import_module("botocore.exceptions")


def _missing(uri: str) -> Unprocessable:
    return Unprocessable(
        "no_such_object", f"{short(uri)} does not exist; check its bucket and its key"
    )
