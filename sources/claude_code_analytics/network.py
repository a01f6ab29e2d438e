"""The way to the API: which proxies and certificates the environment names."""

import ipaddress
import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from urllib.request import getproxies

import certifi
import httpx
import truststore

from .errors import SettingsError


def open_client(
    base_url: str,
    headers: dict[str, str],
    timeout: float,
    transport: httpx.AsyncBaseTransport | None = None,
) -> httpx.AsyncClient:
    """A client for one API, by way of `transport` where a test gives one.

    This machine is called without a proxy, any other as HTTPS_PROXY, ALL_PROXY and
    NO_PROXY say. Raises `SettingsError` for a variable that cannot be used.
    """
    client = partial(
        httpx.AsyncClient,
        base_url=base_url,
        headers=headers,
        timeout=timeout,
        follow_redirects=False,
    )
    if transport is not None:
        return client(transport=transport)
    url = httpx.URL(base_url)
    if is_loopback(url.host):
        # reading the system's certificates takes a tenth of a small load
        return client(
            verify=_certificates() if url.scheme == "https" else False, trust_env=False
        )
    trusted = _certificates()
    _require_usable_proxies(trusted)
    try:
        return client(verify=trusted)
    except (httpx.InvalidURL, ValueError):
        form = "hosts with commas between them, as in .example.com,10.0.0.1,::1"
        raise _unusable("NO_PROXY", form) from None


def is_loopback(host: str) -> bool:
    """Whether this is an address or the name of this very machine."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def untrusted_certificate(error: BaseException | None) -> str | None:
    """What is wrong with the server's certificate, if a call failed for that."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return error.verify_message
        error = error.__cause__ or error.__context__  # httpcore drops the cause
    return None


def _certificates() -> ssl.SSLContext:
    """Trust the system's certificates, and those named by the environment or certifi's.

    Some images have none in the system, so certifi's are there too.
    """
    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    file, folder = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    with _readable("SSL_CERT_FILE"):
        context.load_verify_locations(cafile=file or certifi.where())
    if folder:
        with _readable("SSL_CERT_DIR"):
            os.listdir(folder)  # OpenSSL takes a missing folder for an empty one
            context.load_verify_locations(capath=folder)
    return context


@contextmanager
def _readable(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SettingsError(
            f"The certificates that {name} names cannot be read ({error.strerror}). "
            f"Correct {name}, or unset it to trust those of the system."
        ) from None


def _require_usable_proxies(trusted: ssl.SSLContext) -> None:
    proxies = getproxies()
    for scheme in ("http", "https", "all"):
        if proxy := proxies.get(scheme):
            _require_usable(f"{scheme}_PROXY".upper(), proxy, trusted)


def _require_usable(name: str, proxy: str, trusted: ssl.SSLContext) -> None:
    url = proxy if "://" in proxy else f"http://{proxy}"  # as httpx reads it
    try:
        httpx.AsyncHTTPTransport(verify=trusted, proxy=url)
        is_usable = bool(httpx.URL(url).host)
    except (httpx.InvalidURL, ValueError):
        is_usable = False
    except ImportError:
        raise SettingsError(
            f"{_as_set(name)} names a SOCKS proxy. Install what that needs (pip "
            "install 'httpx[socks]'), or unset it."
        ) from None
    if not is_usable:
        raise _unusable(name, "a proxy's URL, as in http://proxy.example.com:8080")


def _unusable(name: str, form: str) -> SettingsError:
    """Names the variable and shows nothing of it: it may hold a password."""
    name = _as_set(name)
    return SettingsError(f"{name} cannot be used. Set it to {form}, or unset it.")


def _as_set(name: str) -> str:
    """The variable as it is written in the environment: lower case goes first."""
    return name.lower() if name.lower() in os.environ else name
