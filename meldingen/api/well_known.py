"""Where to report a weakness: /.well-known/security.txt (RFC 9116, SEC-12)."""

from datetime import timedelta

from flask import Blueprint, Response

from ..auth import enter, visit
from ..store.gemeente import served_gemeenten

VALID_DAYS = 180
"""Well under the year that the standard allows; each answer moves it on, since a running installation is cared for."""

POLICY = """Heeft u een zwakke plek gevonden? Vertel het ons. Het adres staat in security.txt.

- Beschrijf wat u deed, zodat wij het kunnen nadoen. Stuur geen gegevens van inwoners mee.
- Ga niet verder dan nodig is om het te laten zien. Maak niets stuk en bewaar niets.
- Wacht met publiceren tot het is opgelost. U hoort binnen 3 werkdagen van ons.
- Houdt u zich hieraan, dan doen wij geen aangifte.

Found a weakness? Tell us at the address in security.txt. Show what you did, take no more than you need, send us no
data of residents, and give us time to mend it before you publish. You will hear from us within 3 working days.
"""

pages = Blueprint("well_known", __name__, url_prefix="/.well-known")


@pages.get("/security.txt")
@enter("iedereen")
def security_txt() -> Response:
    """Whom to write to, until when this holds, and in which languages."""
    here = visit()
    addresses = [row.email for row in served_gemeenten(here.session) if row.email] or [here.settings.mail_from]
    expires = (here.now + timedelta(days=VALID_DAYS)).replace(hour=0, minute=0, second=0, microsecond=0)
    lines = [
        *(f"Contact: mailto:{address}" for address in dict.fromkeys(addresses)),
        f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages: nl, en",
        f"Canonical: {here.settings.public_url}/.well-known/security.txt",
        f"Policy: {here.settings.public_url}/.well-known/beveiliging.txt",
    ]
    return Response("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


@pages.get("/beveiliging.txt")
@enter("iedereen")
def beveiliging_txt() -> Response:
    """How we treat a report, in Dutch and English."""
    return Response(POLICY, content_type="text/plain; charset=utf-8")
