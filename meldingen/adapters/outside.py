"""Addresses that others gave us to call: only hosts that this installation allows, never into its own net.

SEC-15: an allow-list, https, no redirects (the caller's part), and no private address behind an allowed name.
"""

import ipaddress
import socket
from collections.abc import Collection
from urllib.parse import urlsplit

from .failures import PermanentFailure, TemporaryFailure


def check_outside(url: str, allowed: Collection[str], *, private: bool = False) -> None:
    """Whether we may call this address. allowed: hosts, `.voorbeeld.nl` for all below it. private: the own machine too.

    Raises PermanentFailure for an address that is not allowed, TemporaryFailure for a name that nobody knows now.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    if not any(host == name or (name.startswith(".") and host.endswith(name)) for name in allowed):
        raise PermanentFailure("dit adres staat niet op de lijst")
    if private:
        return
    if parts.scheme != "https":
        raise PermanentFailure("dit adres begint niet met https")
    if not all(ipaddress.ip_address(address).is_global for address in _addresses(host, parts.port or 443)):
        raise PermanentFailure("dit adres ligt in een eigen netwerk")


def _addresses(host: str, port: int) -> set[str]:
    try:
        return {str(ipaddress.ip_address(host))}
    except ValueError:
        pass  # a name: ask who it is
    try:
        return {str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except OSError as error:
        raise TemporaryFailure("niemand kent dit adres nu") from error
