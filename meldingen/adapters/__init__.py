"""Who we talk to: per file a Protocol, the real one and a twin for one machine. `build` chooses by the settings."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from ..settings import Settings
from .queue import NotifyWake, Wake, queue_is_up
from .storage import FileStore, PhotoStore, S3Store


@dataclass(frozen=True)
class Adapters:
    """Everything outside, in our words. Doors and workers get one of these; tests hand in twins."""

    photos: PhotoStore
    wake: Wake
    queue_is_up: Callable[[], bool]


def build(settings: Settings) -> Adapters:
    """The adapters these settings ask for; makes no connection yet."""
    return Adapters(
        photos=_photos(settings),
        wake=NotifyWake(settings.database_url),
        queue_is_up=partial(queue_is_up, settings.redis_url),
    )


def _photos(settings: Settings) -> PhotoStore:
    if settings.s3_bucket:
        return S3Store(
            bucket=settings.s3_bucket,
            endpoint=settings.s3_endpoint,
            access_key=settings.s3_access_key,
            secret_key=settings.s3_secret_key,
        )
    assert settings.photo_dir is not None, "settings require FOTO_MAP or S3_BUCKET"
    return FileStore(settings.photo_dir)
