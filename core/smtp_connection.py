"""The line to a mail server: how long a conversation may last, and which servers one that a company named may be.

Used by `core.smtp` alone. The owner of a company types the name of her mail server, so it must not lead to machines
that only this one can reach (its database, its neighbours, a cloud's metadata). The address is looked up once, held
against that rule, and the address that was held against it is the one called: a name that changes its answer gains
nothing.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from threading import Timer
from typing import Any

TIMEOUT_SECONDS = 20
"""For one answer of the server."""
LONGEST_SECONDS = 120
"""For a whole conversation: a server that drips its answers letter by letter never meets the other limit."""
SLOWEST_BYTES_A_SECOND = 250_000
"""What a line must carry: the content of a mail adds this much time to both limits. The largest mail that the settings
allow is through before the lease of its row ends (`core.mail.LEASE`)."""
NOT_PUBLIC = "This mail server has no address on the public Internet."
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052


class NotPublicError(OSError):
    """A company named a server that stands where only this machine can reach it."""

    def __init__(self) -> None:
        super().__init__(NOT_PUBLIC)


class SmtpLine(smtplib.SMTP):
    """A connection that ends by itself `LONGEST_SECONDS` after its last message began; with TLS from the first byte
    when asked."""

    def __init__(self, host: str, port: int, *, tls: bool, public_only: bool, size_bytes: int = 0) -> None:
        """Connect and read the greeting.

        Args:
            host: name or address of the server.
            port: where it listens.
            tls: speak TLS from the first byte.
            public_only: refuse a server that is not on the public Internet.
            size_bytes: of the content that will be sent.

        Raises:
            NotPublicError: `public_only`, and the host is not a public one.
            OSError: nobody answers there.
            smtplib.SMTPException: what answers does not greet as a mail server does.
        """
        self._tls, self._public_only = tls, public_only
        self._wire: socket.socket | None = None
        self._start_clock(size_bytes)
        try:
            super().__init__(host, port, timeout=TIMEOUT_SECONDS)
        except BaseException:
            self.close()
            raise

    def go_on(self, size_bytes: int) -> None:
        """Begin another message, with a clock of its own, on the connection as it stands."""
        self._timer.cancel()
        self._start_clock(size_bytes)
        if self.sock is not None:
            self.sock.settimeout(TIMEOUT_SECONDS)

    def _start_clock(self, size_bytes: int) -> None:
        self._extra_seconds = size_bytes / SLOWEST_BYTES_A_SECOND
        self._timer = Timer(LONGEST_SECONDS + self._extra_seconds, self._cut)
        self._timer.daemon = True
        self._timer.start()

    def data(self, msg: Any) -> tuple[int, bytes]:
        """Send the content, which has its own time: a socket's timeout is for all that one call sends."""
        if self.sock is not None:
            self.sock.settimeout(TIMEOUT_SECONDS + self._extra_seconds)
        return super().data(msg)

    def _get_socket(self, host: str, port: int, timeout: float) -> Any:
        found = _connected(host, port, timeout, public_only=self._public_only)
        # A duplicate, because TLS takes the first one over, and may hang while it does.
        self._wire = found.dup()
        if not self._tls:
            return found
        return ssl.create_default_context().wrap_socket(found, server_hostname=host)

    def _cut(self) -> None:
        if self._wire is not None:
            try:
                self._wire.shutdown(socket.SHUT_RDWR)
            except OSError:
                return  # the other end was faster

    def close(self) -> None:
        """End the connection and its clock."""
        self._timer.cancel()
        super().close()
        if self._wire is not None:
            self._wire.close()
            self._wire = None


def is_public(address: str) -> bool:
    """True for an IP address that anybody on the Internet reaches, IPv4 inside IPv6 being judged as what it is."""
    ip = ip_address(address.partition("%")[0])
    inner = _inner(ip) if isinstance(ip, IPv6Address) else None
    if inner is not None:
        return is_public(str(inner))
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def _inner(ip: IPv6Address) -> IPv4Address | None:
    if ip in _NAT64:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)


def _connected(host: str, port: int, timeout: float, *, public_only: bool) -> socket.socket:
    if not public_only:
        return socket.create_connection((host, port), timeout)
    failed: OSError = NotPublicError()
    for *_, target in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        if not is_public(str(target[0])):
            continue
        try:
            return socket.create_connection((str(target[0]), port), timeout)
        except OSError as error:
            failed = error
    raise failed
