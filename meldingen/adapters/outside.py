"""Addresses that others gave us to call: only hosts that this installation allows, and never into its own net (SEC-15).

Which hosts are allowed, and that no redirect is followed, is the caller's part.
"""

import ipaddress
import socket
from collections.abc import Collection
from urllib.parse import urlsplit

from .failures import PermanentFailure, TemporaryFailure


def is_allowed(host: str, allowed: Collection[str]) -> bool:
    """Whether a host is on the list; `*.voorbeeld.nl` on it means every host below it."""
    return any(host.endswith(known[1:]) if known.startswith("*.") else host == known for known in allowed)


def refuse_private(url: str) -> None:
    """Refuses an address inside a network, whatever name leads there (SSRF).

    Raises PermanentFailure, or TemporaryFailure when nobody knows the name now.
    """
    host = (urlsplit(url).hostname or "").lower()
    if not all(ipaddress.ip_address(address).is_global for address in _addresses(host)):
        raise PermanentFailure("dit adres is binnen een netwerk")


def _addresses(host: str) -> set[str]:
    try:
        return {str(ipaddress.ip_address(host))}
    except ValueError:
        pass  # a name: ask who it is
    try:
        return {str(info[4][0]) for info in socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)}
    except OSError as error:
        raise TemporaryFailure("dit adres is niet te vinden") from error
