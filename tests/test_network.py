"""Calls to the API with and without a proxy, and with trusted certificates."""

import hashlib
import json
import ssl
import sys
import threading
from contextlib import contextmanager
from socketserver import StreamRequestHandler, ThreadingTCPServer
from urllib.parse import parse_qs, urlsplit

import duckdb
import httpx
import pytest
import trustme
from click.testing import CliRunner
from cryptography import x509

from anthropic_admin_api.fake import FakeApi
from api import DAY, EXAMPLE, KEY, Script, fetch_days, fetch_one, page, reply, settings
from ccwarehouse.cli import main
from claude_code_analytics import SettingsError

HOST = "api.example.invalid"
REMOTE = f"https://{HOST}"
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
LOAD = ("load", "--start", f"{DAY}", "--end", f"{DAY}", "--quiet")


@pytest.fixture(autouse=True)
def environment(monkeypatch, tmp_path):
    """An empty folder, a key, and no variables for proxies and certificates."""
    for name in (*PROXIES, "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("ANTHROPIC_ADMIN_KEY", KEY)
    monkeypatch.setenv("SOURCES__CLAUDE_CODE_ANALYTICS__BASE_URL", REMOTE)
    monkeypatch.setenv("SOURCES__CLAUDE_CODE_ANALYTICS__MAX_WAIT", "2")
    monkeypatch.chdir(tmp_path)
    return monkeypatch


class Proxy(ThreadingTCPServer):
    """A proxy that records requests, and intercepts TLS if it has a context.

    Inside a tunnel it answers like the API; it refuses a plain request.
    """

    allow_reuse_address = daemon_threads = True

    def __init__(self, tls=None):
        super().__init__(("127.0.0.1", 0), _Tunnel)
        self.tls, self.got = tls, []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, *_):
        """Ignore clients that do not trust it and hang up."""


class _Tunnel(StreamRequestHandler):
    timeout = 10

    def handle(self):
        if not self.head().startswith("CONNECT ") or not self.server.tls:
            self.wfile.write(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n")
            return
        self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
        with self.server.tls.wrap_socket(self.connection, server_side=True) as inner:
            self.rfile = inner.makefile("rb")
            target = self.head().split()[1]
            (day,) = parse_qs(urlsplit(target).query)["starting_at"]
            body = reply(EXAMPLE | {"date": day})
            head = f"HTTP/1.1 200 OK\r\ncontent-length: {len(body)}\r\n"
            inner.sendall(f"{head}connection: close\r\n\r\n".encode() + body)

    def head(self):
        """The next request, which is recorded."""
        lines = iter(self.rfile.readline, b"\r\n")
        self.server.got.append(b"".join(lines).decode())
        return self.server.got[-1]


@contextmanager
def running(server):
    with server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def proxy():
    with running(Proxy()) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def authority():
    """The CA of a company, which the system does not know."""
    return trustme.CA()


@pytest.fixture
def breaking_proxy(authority, environment):
    """A company's proxy that intercepts TLS, set in the environment."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(HOST).configure_cert(tls)
    with running(Proxy(tls)) as proxy:
        environment.setenv("HTTPS_PROXY", proxy.url)
        yield proxy


def fetch_from(url, **given):
    """The outcome of one day over the network."""
    (outcome,) = fetch_days([DAY], settings(base_url=url, **given))
    return outcome


def said(*words):
    """The exit code of a command, and its lines."""
    done = CliRunner().invoke(main, words)
    return done.exit_code, done.output.strip().splitlines()


# proxies


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.8.9.10", "[::1]"])
@pytest.mark.parametrize(
    ("scheme", "name"),
    [("http", "HTTP_PROXY"), ("http", "ALL_PROXY"), ("https", "HTTPS_PROXY")],
)
def test_this_machine_is_called_without_a_proxy(environment, proxy, scheme, host, name):
    """No proxy sees the key of a call to this machine."""
    environment.setenv(name, proxy.url)
    outcome = fetch_from(f"{scheme}://{host}:9", max_wait=0.1)

    assert outcome.error
    assert [] == proxy.got


def test_a_load_from_this_machine_succeeds_with_a_proxy_set(environment, proxy):
    """An API on loopback is reached, whatever the variables say."""
    for name in PROXIES:
        environment.setenv(name, proxy.url)
    with FakeApi(lambda day: [EXAMPLE], api_key=KEY) as api:
        outcome = fetch_from(api.url)

    assert (None, 1, []) == (outcome.error, outcome.records, proxy.got)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_another_host_is_called_through_the_proxy(environment, proxy, name):
    """The proxy is asked for a tunnel and does not see the key."""
    environment.setenv(name, proxy.url)
    outcome = fetch_from(REMOTE, max_wait=1)

    assert "502 Bad Gateway" in outcome.error
    assert all(got.startswith(f"CONNECT {HOST}:443 ") for got in proxy.got)
    assert proxy.got
    assert KEY not in "".join(proxy.got)


SECRET = "http://user:hunter-2@proxy"
UNUSABLE = [
    ("ALL_PROXY", "socks5://user:hunter-2@localhost:1080", "httpx[socks]"),
    ("HTTPS_PROXY", f"{SECRET}:port", "as in http://"),
    ("https_proxy", f"{SECRET}:port", "as in http://"),
    ("HTTPS_PROXY", "http://[::1", "as in http://"),
    ("HTTPS_PROXY", ":8080", "as in http://"),
    ("HTTP_PROXY", "socks4://user:hunter-2@localhost", "as in http://"),
    ("NO_PROXY", "localhost,[::1]", "as in .example.com"),
    ("no_proxy", f"{SECRET}:port", "as in .example.com"),
    ("SSL_CERT_FILE", "nowhere.pem", "No such file"),
    ("SSL_CERT_FILE", ".", "directory"),
    ("SSL_CERT_FILE", __file__, "no certificate"),
    ("SSL_CERT_DIR", "nowhere", "No such file"),
]


@pytest.mark.parametrize(("name", "value", "advice"), UNUSABLE)
def test_a_variable_that_cannot_be_used_is_named(environment, name, value, advice):
    """The line says what to do, without the value, which may hold a password."""
    environment.setitem(sys.modules, "socksio", None)  # as if not installed
    environment.setenv(name, value)
    with pytest.raises(SettingsError) as refused:
        fetch_from(REMOTE)
    message = str(refused.value)

    assert name in message
    assert advice in message
    assert "hunter" not in message


@pytest.mark.parametrize(
    ("name", "value", "advice"), [UNUSABLE[0], UNUSABLE[1], UNUSABLE[6], UNUSABLE[8]]
)
def test_a_load_ends_with_one_line_on_the_variable(environment, name, value, advice):
    """It is a fault of configuration (3)."""
    environment.setitem(sys.modules, "socksio", None)
    environment.setenv(name, value)
    code, lines = said(*LOAD)

    assert (3, 1) == (code, len(lines)), lines
    assert name in lines[0]
    assert advice in lines[0]
    assert "duckdb" not in lines[0]


def test_doctor_tells_of_the_variable_and_goes_on(environment):
    """The variable is one finding, and the other checks go on."""
    environment.setenv("SSL_CERT_FILE", "nowhere.pem")
    done = CliRunner().invoke(main, ["doctor", "--json"])
    found = {one["check"]: one for one in json.loads(done.stdout)["checks"]}

    assert 3 == done.exit_code
    assert "SSL_CERT_FILE" in found["API"]["text"]
    assert "ok" == found["warehouse"]["verdict"]


# a company's proxy that intercepts TLS


def test_a_certificate_of_nobody_ends_the_run(breaking_proxy):
    """At once, with the cause and what to set; the key is not sent."""
    code, lines = said(*LOAD)

    assert (3, 1) == (code, len(lines)), lines
    assert f"A certificate on the way to {HOST} is not trusted" in lines[0]
    assert "unable to get local issuer certificate" in lines[0]
    assert "set SSL_CERT_FILE" in lines[0]
    assert all(got.startswith("CONNECT ") for got in breaking_proxy.got)


@pytest.mark.slow
def test_with_the_companys_certificate_a_load_succeeds(
    breaking_proxy, authority, environment, tmp_path
):
    """The same load, with the CA in a file."""
    authority.cert_pem.write_to_path(tmp_path / "company.pem")
    environment.setenv("SSL_CERT_FILE", "company.pem")

    assert (0, []) == said(*LOAD)
    assert KEY in "".join(breaking_proxy.got)
    with duckdb.connect("ccwarehouse.duckdb", read_only=True) as connection:
        days = connection.sql("select date from claude_code.usage_report").fetchall()
    assert [(DAY,)] == days


@pytest.mark.slow
def test_so_it_does_with_a_folder_of_certificates(
    breaking_proxy, authority, environment, tmp_path
):
    """A folder made by `openssl rehash`, also where the system does not read it."""
    system_has(environment)
    folder = tmp_path / "certificates"
    folder.mkdir()
    authority.cert_pem.write_to_path(folder / f"{subject_hash(authority)}.0")
    environment.setenv("SSL_CERT_DIR", "certificates")

    assert (0, []) == said(*LOAD)


def system_has(environment, *files):
    """Let the system trust only the certificates of this file."""
    paths = ssl.get_default_verify_paths()._replace(cafile=None, capath=None)
    environment.setattr(ssl, "get_default_verify_paths", lambda: paths)
    environment.setattr("truststore._openssl._CA_FILE_CANDIDATES", files)


def subject_hash(authority):
    """OpenSSL's file name for a certificate: a hash of its subject in lower case."""
    subject = x509.load_pem_x509_certificate(authority.cert_pem.bytes()).subject
    plain = [
        x509.NameAttribute(part.oid, " ".join(part.value.lower().split()))
        for part in subject
    ]
    parts = x509.Name(plain).public_bytes()[2:]  # without tag and length
    return f"{int.from_bytes(hashlib.sha1(parts).digest()[:4], 'little'):08x}"


@pytest.mark.slow
def test_a_certificate_that_the_system_has_is_trusted(
    breaking_proxy, authority, environment, tmp_path
):
    """Where the company's CA is installed, nothing needs to be set."""
    authority.cert_pem.write_to_path(tmp_path / "system.pem")
    system_has(environment, str(tmp_path / "system.pem"))

    assert (0, []) == said(*LOAD)


def test_a_certificate_that_changes_in_between_fails_its_day():
    """After an accepted call it fails only its day."""
    broken = httpx.ConnectError("no")
    broken.__cause__ = ssl.SSLCertVerificationError(1, "broken")
    broken.__cause__.verify_message = "certificate has expired"
    outcome = fetch_one(Script(page(next_page="a"), broken))

    assert "is not trusted (certificate has expired)" in outcome.error
