"""Whether a form was sent from a page of our own. Instead of a token, because nothing here may expire.

The doors of /melden act as nobody: no session gives them any right, so another website could only make a browser do
what anyone may do without one. The check keeps a stranger's page from sending in a melding in its visitor's name.
"""

from collections.abc import Mapping

OURS = ("same-origin", "none")
"""`none`: the person himself, by a reload or a saved tab; no page can bring that about."""


def is_same_origin(headers: Mapping[str, str], host: str) -> bool:
    """Whether the browser says that this POST comes from our own pages, or says nothing at all.

    host: the one that was asked, with its port. `Sec-Fetch-Site` counts first: a page cannot set it. Without it, in
    browsers before 2023, `Origin` must name our host. Neither of them, or `null`, is let in: that is what such a
    browser sends from our own pages, since they say `Referrer-Policy: no-referrer`, and an old phone must be able to
    report. What gets in that way carries no cookie of ours (SameSite=Lax) and may do no more than any program.
    """
    site = headers.get("Sec-Fetch-Site", "").strip().lower()
    if site:
        return site in OURS
    origin = headers.get("Origin", "").strip().lower()
    if origin in ("", "null"):
        return True
    return origin.partition("://")[2] == host.lower()
