"""How to reach the API: proxies and certificates, as the environment names them."""

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
    """A client for one API; tests give a `transport`.

    Calls to this machine use no proxy. All others follow HTTPS_PROXY, ALL_PROXY and
    NO_PROXY. Raises `SettingsError` for a variable that cannot be used.
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
        # reading the certificates takes 20 ms (`timeit` of `_certificates`)
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
    """Whether this is a loopback address or localhost."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def untrusted_certificate(error: BaseException | None) -> str | None:
    """Why the server's certificate is not trusted; None for other errors."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return error.verify_message
        error = error.__cause__ or error.__context__  # httpcore drops the cause
    return None


def _certificates() -> ssl.SSLContext:
    """Trust the system's certificates, and those of SSL_CERT_FILE or else of certifi.

    certifi's are needed where the system has none, as in some container images.
    """
    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    file, folder = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    with _readable("SSL_CERT_FILE"):
        context.load_verify_locations(cafile=file or certifi.where())
    if folder:
        with _readable("SSL_CERT_DIR"):
            os.listdir(folder)  # OpenSSL reports no error for a missing folder
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
    """An error that names the variable but not its value, which may hold a password."""
    name = _as_set(name)
    return SettingsError(f"{name} cannot be used. Set it to {form}, or unset it.")


def _as_set(name: str) -> str:
    """The variable's spelling in the environment: lower case has precedence."""
    return name.lower() if name.lower() in os.environ else name
