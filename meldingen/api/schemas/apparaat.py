"""What a browser sends to get messages on a device, in the words of the Push API where those exist."""

import marshmallow as ma

from ..fields import Moment, Nested, Text
from .base import Shape

KEY = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"


class DeviceKeysIn(Shape):
    """The two keys of a PushSubscription."""

    p256dh = Text(max_length=100, filled=True, required=True, metadata={"description": "base64url"})
    auth = Text(max_length=50, filled=True, required=True, metadata={"description": "base64url"})


class DeviceIn(Shape):
    """A PushSubscription of the browser."""

    example = {
        "eindpunt": "https://updates.push.services.mozilla.com/wpush/v2/gAAAAABk",
        "sleutels": {"p256dh": KEY, "auth": "BTBZMqHH6r4Tts7J_aSIgg"},
    }
    endpoint = Text(
        data_key="eindpunt", max_length=1000, filled=True, required=True, metadata={"description": "`endpoint`"}
    )
    keys = Nested(DeviceKeysIn, data_key="sleutels", required=True)


class DeviceOut(Shape):
    """Whether messages go to a device, and the key to subscribe one with."""

    example = {"sleutel": KEY, "aangemeld": True, "sinds": "2026-04-14T06:47:00Z"}
    key = ma.fields.String(
        data_key="sleutel", required=True, metadata={"description": "De `applicationServerKey`, in base64url."}
    )
    subscribed = ma.fields.Boolean(
        data_key="aangemeld", required=True, metadata={"description": "Er staat een apparaat bij deze melding."}
    )
    since = Moment(data_key="sinds", allow_none=True)
