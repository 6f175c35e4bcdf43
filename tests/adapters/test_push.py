"""Web Push: the worked example of RFC 8291, a push service that decrypts and checks our signature, and each refusal."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from meldingen.adapters import push as adapter
from meldingen.adapters import push_wire as wire
from meldingen.adapters.failures import AddressRefused, PermanentFailure, TemporaryFailure, UncertainFailure
from meldingen.adapters.push import Push, WebPush
from tests.standins.push import Device, PushServer, decode, push_server

KEY = wire.make_key()
SERVICES = ("fcm.googleapis.com", "updates.push.services.mozilla.com", "*.push.apple.com", "*.notify.windows.com")
"""The default of PUSH_DIENSTEN."""
CONTACT = "mailto:meldingen@example.nl"
REFERENCE = "2670000017-0123456789abcdef"

RFC = {
    "plain": "V2hlbiBJIGdyb3cgdXAsIEkgd2FudCB0byBiZSBhIHdhdGVybWVsb24",
    "as_private": "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw",
    "ua_public": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
    "ua_private": "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94",
    "salt": "DGv6ra1nlYgDCS1FRnbzlw",
    "auth": "BTBZMqHH6r4Tts7J_aSIgg",
    "body": (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A"
        "_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    ),
}
"""RFC 8291, section 5 and appendix A."""


@pytest.fixture(scope="module")
def running() -> Iterator[PushServer]:
    with push_server() as server:
        yield server


@pytest.fixture
def server(running: PushServer) -> PushServer:
    running.forget()
    return running


def sender(server: PushServer, *, key: str = KEY, contact: str = CONTACT) -> WebPush:
    return WebPush(key=key, contact=contact, services=[server.url])


def push_to(device: Device, **facts: Any) -> Push:
    said = {"title": "Melding 26 7000 0017", "text": "Het bord is vervangen. 😀", "path": "/v/abc"}
    return Push(**{"to": device.address, "reference": REFERENCE, **said, **facts})


class TestTheExampleOfTheRfc:
    def test_we_write_it_to_the_byte(self) -> None:
        device = wire.read_device("https://push.example.net/x", RFC["ua_public"], RFC["auth"])
        body = wire.encrypt(
            decode(RFC["plain"]), device, salt=decode(RFC["salt"]), key=wire.read_key(RFC["as_private"])
        )
        assert body == decode(RFC["body"])

    def test_the_device_of_the_stand_in_reads_it(self) -> None:
        private = ec.derive_private_key(int.from_bytes(decode(RFC["ua_private"])), ec.SECP256R1())
        device = Device("https://push.example.net/x", private, decode(RFC["auth"]))
        assert device.read(decode(RFC["body"])) == decode(RFC["plain"])


class TestSending:
    def test_the_device_reads_what_we_said_and_nobody_else_can(self, server: PushServer) -> None:
        device, other = server.device(), server.device()
        server.location = f"{server.url}/bericht/1"
        assert sender(server).send(push_to(device)) == f"{server.url}/bericht/1"
        assert device.messages == [
            {
                "titel": "Melding 26 7000 0017",
                "tekst": "Het bord is vervangen. 😀",
                "pad": "/v/abc",
                "kenmerk": REFERENCE,
            }
        ]
        assert other.messages == []
        (call,) = server.calls
        assert (call["ttl"], call["urgency"], call["topic"]) == (str(7 * 24 * 3600), "normal", REFERENCE)

    def test_a_resend_takes_the_place_of_the_first(self, server: PushServer) -> None:
        device = server.device()
        for _ in range(2):
            sender(server).send(push_to(device, urgent=True))
        assert len(device.messages) == 2 and list(device.waiting) == [REFERENCE]
        assert server.calls[0]["urgency"] == "high"

    def test_a_long_or_odd_reference_is_still_one_topic(self) -> None:
        odd = adapter.topic_of("alarm:é/" + "x" * 50)
        assert len(odd) == 32 and odd == adapter.topic_of("alarm:é/" + "x" * 50) != adapter.topic_of("alarm:é/x")

    def test_a_message_with_the_longest_sentence_fits(self, server: PushServer) -> None:
        device = server.device()
        sender(server).send(push_to(device, text="😀" * 700))
        assert device.messages[0]["tekst"] == "😀" * 700
        with pytest.raises(PermanentFailure, match="te lang"):
            sender(server).send(push_to(device, text="😀" * 1000))

    @pytest.mark.parametrize(
        ("status", "failure", "wait_s"),
        [
            (404, AddressRefused, None),
            (410, AddressRefused, None),
            (400, PermanentFailure, None),
            (403, PermanentFailure, None),
            (413, PermanentFailure, None),
            (401, TemporaryFailure, None),
            (429, TemporaryFailure, 120),
            (500, UncertainFailure, None),
            (503, TemporaryFailure, 120),
            (307, PermanentFailure, None),
        ],
    )
    def test_each_refusal(
        self, server: PushServer, status: int, failure: type[Exception], wait_s: float | None
    ) -> None:
        server.fail_with, server.retry_after = status, "120" if wait_s else ""
        with pytest.raises(failure) as told:
            sender(server).send(push_to(server.device()))
        assert type(told.value) is failure and getattr(told.value, "retry_after_s", None) == wait_s
        assert str(told.value) == f"push: {status}"

    def test_a_device_that_unsubscribed(self, server: PushServer) -> None:
        device = server.device()
        server.unsubscribe(device)
        with pytest.raises(AddressRefused, match="410"):
            sender(server).send(push_to(device))

    def test_silence_leaves_us_in_doubt_and_nobody_home_does_not(
        self, server: PushServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(adapter, "TIMEOUT_S", 0.2)
        server.wait_s = 0.5
        device = server.device()
        with pytest.raises(UncertainFailure):
            sender(server).send(push_to(device))
        assert len(device.messages) == 1
        away = WebPush(key=KEY, contact=CONTACT, services=["http://127.0.0.1:9"])
        with pytest.raises(TemporaryFailure) as told:
            away.send(Push("http://127.0.0.1:9/x " + device.address.split(" ", 1)[1], "a", "b", "/", REFERENCE))
        assert type(told.value) is TemporaryFailure

    def test_somebody_elses_signature_is_not_taken(self, server: PushServer) -> None:
        with pytest.raises(TemporaryFailure, match="401"):
            sender(server, contact="niemand").send(push_to(server.device()))


class TestWhoIsCalled:
    """SSRF: the address comes from a stranger's browser."""

    @pytest.mark.parametrize(
        ("endpoint", "ours"),
        [
            ("https://fcm.googleapis.com/fcm/send/abc:def", True),
            ("https://updates.push.services.mozilla.com/wpush/v2/abc", True),
            ("https://web.push.apple.com/abc", True),
            ("https://db5p.notify.windows.com/w/?token=abc", True),
            ("https://fcm.googleapis.com:443/x", True),
            ("http://fcm.googleapis.com/x", False),
            ("https://fcm.googleapis.com:8443/x", False),
            ("https://fcm.googleapis.com.example.nl/x", False),
            ("https://xpush.apple.com/x", False),
            ("https://jan@fcm.googleapis.com/x", False),
            ("https://example.nl\\@fcm.googleapis.com/x", False),
            ("https://127.0.0.1/x", False),
            ("https://[::1]/x", False),
            ("https://fcm.googleapis.com/" + "x" * 1000, False),
            ("https://fcm.googleapis.com/ x", False),
            ("https://[fcm/x", False),
            ("file:///etc/passwd", False),
            ("", False),
        ],
    )
    def test_only_the_four_services(self, endpoint: str, ours: bool) -> None:
        assert WebPush(key=KEY, contact=CONTACT, services=SERVICES).accepts(endpoint) is ours

    @pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "fd00::1", "100.64.0.1"])
    def test_a_name_that_leads_inside_is_not_called(self, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(0, 0, 0, "", (address, 443))])
        device = Device("https://fcm.googleapis.com/fcm/send/abc")
        with pytest.raises(PermanentFailure, match="binnen een netwerk"):
            WebPush(key=KEY, contact=CONTACT, services=SERVICES).send(push_to(device))

    def test_a_name_that_leads_nowhere_is_tried_again(self) -> None:
        with pytest.raises(TemporaryFailure, match="niet te vinden"):  # the tests look up no names
            WebPush(key=KEY, contact=CONTACT, services=SERVICES).send(
                push_to(Device("https://fcm.googleapis.com/fcm/send/abc"))
            )

    @pytest.mark.parametrize("to", ["", "https://fcm.googleapis.com/x", "https://fcm.googleapis.com/x a b"])
    def test_what_is_no_device_is_refused(self, to: str) -> None:
        with pytest.raises(AddressRefused):
            WebPush(key=KEY, contact=CONTACT, services=SERVICES).send(Push(to, "a", "b", "/", REFERENCE))


class TestKeys:
    def test_one_key_in_two_ways_of_writing(self) -> None:
        pem = wire.read_key(KEY).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        assert (
            WebPush(key=pem, contact=CONTACT, services=SERVICES).public_key
            == WebPush(key=KEY + "=", contact=CONTACT, services=SERVICES).public_key
            == wire.to_base64(wire.public_point(wire.read_key(KEY)))
        )

    @pytest.mark.parametrize("wrong", ["", "kort", "é", "A" * 43 + "B" * 43, "-----BEGIN PRIVATE KEY-----\nx"])
    def test_what_is_no_key(self, wrong: str) -> None:
        with pytest.raises(ValueError):
            wire.read_key(wrong)

    @pytest.mark.parametrize(
        ("p256dh", "auth"),
        [("", ""), (RFC["ua_public"], "kort"), (RFC["ua_public"][:-1] + "9", RFC["auth"]), ("é", RFC["auth"])],
    )
    def test_keys_that_no_browser_makes(self, p256dh: str, auth: str) -> None:
        with pytest.raises(ValueError):
            wire.read_device("https://fcm.googleapis.com/x", p256dh, auth)
