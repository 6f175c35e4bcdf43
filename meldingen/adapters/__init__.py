"""Who we talk to: per file a Protocol, the real one and a twin for one machine. `build` chooses by the settings."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from email.utils import parseaddr
from functools import partial

from ..settings import DEMO_GEOCODER, Settings
from .careful_geocoder import CarefulGeocoder
from .careful_storage import CarefulStore
from .geocoder import Geocoder, NoGeocoder
from .locatieserver import PdokGeocoder
from .mail import Dkim, MailSender, SmtpSender
from .mailbox import ImapMailbox, Mailbox
from .notifynl import NotifyMail, NotifySms
from .postvak import Postvak, PostvakMail, PostvakPush, PostvakSms, business_clock
from .push import PushSender, WebPush
from .queue import NotifyWake, Wake, queue_is_up
from .sms import SmsSender
from .storage import FileStore, PhotoStore, S3Store
from .street_list import StreetList
from .webhook import HookSender, HttpHooks, MemoryHooks


@dataclass(frozen=True)
class Adapters:
    """Everything outside, in our words. Doors and workers get one of these; tests hand in twins.

    mail, sms, push: None when this installation has no such channel; then the next one is chosen.
    postvak: local mode only.
    """

    photos: PhotoStore
    mail: MailSender | None
    sms: SmsSender | None
    postvak: Postvak | None
    wake: Wake
    queue_is_up: Callable[[], bool]
    geocoder: Geocoder = field(default_factory=NoGeocoder)
    mailbox: Mailbox | None = None
    push: PushSender | None = None
    hooks: HookSender = field(default_factory=MemoryHooks)

    def mail_together(self) -> AbstractContextManager[None]:
        """What is sent by e-mail meanwhile may share a connection to the provider."""
        return self.mail.together() if isinstance(self.mail, SmtpSender) else nullcontext()


def build(settings: Settings) -> Adapters:
    """The adapters these settings ask for; makes no connection yet."""
    postvak = (
        Postvak(settings.postvak_dir, business_clock(settings.database_url))
        if settings.local_mode and settings.postvak_dir
        else None
    )
    return Adapters(
        photos=_photos(settings),
        mail=_mail(settings, postvak),
        sms=_sms(settings, postvak),
        postvak=postvak,
        wake=NotifyWake(settings.database_url),
        queue_is_up=partial(queue_is_up, settings.redis_url),
        geocoder=_geocoder(settings),
        push=_push(settings, postvak),
        hooks=HttpHooks(settings.webhook_hosts, private=settings.local_mode),
        mailbox=ImapMailbox(settings.mailbox_url) if settings.mailbox_url else None,
    )


def _geocoder(settings: Settings) -> Geocoder:
    if settings.geocoder_url == DEMO_GEOCODER:
        return StreetList()
    return CarefulGeocoder(PdokGeocoder(settings.geocoder_url)) if settings.geocoder_url else NoGeocoder()


def patient_photos(settings: Settings) -> PhotoStore:
    """The photo store for a command that may take its time, many files at once: nobody is kept waiting by it."""
    if settings.s3_bucket:
        return S3Store(
            bucket=settings.s3_bucket,
            endpoint=settings.s3_endpoint,
            access_key=settings.s3_access_key,
            secret_key=settings.s3_secret_key,
        )
    assert settings.photo_dir is not None, "settings require FOTO_MAP or S3_BUCKET"
    return FileStore(settings.photo_dir)


def _photos(settings: Settings) -> PhotoStore:
    store = patient_photos(settings)
    return CarefulStore(store) if settings.s3_bucket else store


def _mail(settings: Settings, postvak: Postvak | None) -> MailSender | None:
    if settings.smtp_url:
        return SmtpSender(settings.smtp_url, settings.mail_from, signing=_signing(settings))
    if settings.notifynl_api_key and settings.notifynl_email_template:
        return NotifyMail(
            api_key=settings.notifynl_api_key,
            url=settings.notifynl_url,
            template=settings.notifynl_email_template,
        )
    return PostvakMail(postvak, settings.mail_from) if postvak else None


def _signing(settings: Settings) -> Dkim | None:
    if not settings.dkim_key:
        return None
    return Dkim(settings.dkim_selector, parseaddr(settings.mail_from)[1].rpartition("@")[2], settings.dkim_key)


def _sms(settings: Settings, postvak: Postvak | None) -> SmsSender | None:
    if settings.notifynl_api_key and settings.notifynl_sms_template:
        return NotifySms(
            api_key=settings.notifynl_api_key,
            url=settings.notifynl_url,
            template=settings.notifynl_sms_template,
        )
    return PostvakSms(postvak) if postvak else None


def _push(settings: Settings, postvak: Postvak | None) -> PushSender | None:
    if not settings.push_key:
        return PostvakPush(postvak) if postvak else None
    contact = settings.push_contact or f"mailto:{parseaddr(settings.mail_from)[1]}"
    return WebPush(key=settings.push_key, contact=contact, services=settings.push_services)
