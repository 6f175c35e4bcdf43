"""Page doors: the same flow calls in other clothes."""

from flask import Blueprint, Flask, request

from ..auth import csrf
from ..limits import count_page_writing
from . import (
    accounts,
    alarm,
    antwoorddienst,
    apparaat,
    balk,
    beheer,
    bewaartermijnen,
    brieven,
    bulk,
    buurt,
    cijfers,
    coordinator,
    errors,
    gevaarwoorden,
    gezond,
    groepen,
    grof,
    headers,
    inloggen,
    kcc,
    kcc_gesprek,
    kcc_klaar,
    kcc_melding,
    kcc_post,
    kcc_zoek,
    layout,
    melden,
    melderswoord,
    metrics,
    mijn_account,
    mijn_meldingen,
    minder_mail,
    onderweg,
    openbaarheid,
    packing,
    partij,
    partij_werk,
    piket,
    piket_agenda,
    plek,
    postvak,
    privacy_verzoeken,
    soorten,
    start,
    storm,
    taken,
    team,
    team_moves,
    team_partij,
    teksten,
    terugbellen,
    terugkoppeling,
    toegang,
    tweede_stap,
    vastgelopen,
    volgen,
    webapp,
    zinhulp,
)

PAGES: tuple[Blueprint, ...] = (
    start.pages,
    plek.pages,
    volgen.pages,
    melderswoord.pages,
    buurt.pages,
    toegang.pages,
    apparaat.pages,
    webapp.pages,
    mijn_meldingen.pages,
    inloggen.pages,
    tweede_stap.pages,
    mijn_account.pages,
    postvak.pages,
    team.pages,
    alarm.pages,
    antwoorddienst.pages,
    team_moves.pages,
    team_partij.pages,
    onderweg.pages,
    partij.pages,
    partij_werk.pages,
    piket.pages,
    piket_agenda.pages,
    taken.pages,
    storm.pages,
    coordinator.pages,
    grof.pages,
    bulk.pages,
    groepen.pages,
    kcc.pages,
    kcc_gesprek.pages,
    kcc_klaar.pages,
    kcc_melding.pages,
    kcc_post.pages,
    kcc_zoek.pages,
    terugbellen.pages,
    brieven.pages,
    openbaarheid.pages,
    beheer.pages,
    accounts.pages,
    soorten.pages,
    gevaarwoorden.pages,
    balk.pages,
    cijfers.pages,
    terugkoppeling.pages,
    vastgelopen.pages,
    teksten.pages,
    zinhulp.pages,
    bewaartermijnen.pages,
    privacy_verzoeken.pages,
)
"""Every room with forms; one line per new page. What they post carries the form's token (SEC-06)."""
WITH_FORMS = frozenset(pages.name for pages in PAGES)


def init_app(app: Flask) -> None:
    """Registers every page on the app."""
    metrics.init_app(app)
    packing.init_app(app)
    headers.init_app(app)
    layout.init_app(app)
    webapp.init_app(app)
    app.register_blueprint(gezond.pages)
    app.register_blueprint(minder_mail.pages)  # mail programs post here, without the token of a form
    for pages in melden.PAGES:  # these look where a POST comes from: their forms carry nothing that expires
        app.register_blueprint(pages)
    for pages in PAGES:
        app.register_blueprint(pages)
    app.before_request(_protect_forms)
    errors.init_app(app)


def _protect_forms() -> None:
    """Counts a stranger's POST, and refuses one without our token (400), before the view and its transaction begin."""
    if request.blueprint in WITH_FORMS:
        count_page_writing()
        csrf.protect()
