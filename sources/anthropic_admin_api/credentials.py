"""What a call presents: an Admin key, or an OAuth token, perhaps made by a command.

One credential serves all calls with an account, so that they share a renewed token.
"""

import os
import re
import shlex
import subprocess
import threading
from collections.abc import Callable
from typing import Final

from anyio.to_thread import run_sync

from .errors import CredentialsError

COMMAND_SECONDS: Final = 30
COPY_AGAIN: Final = "holds characters that no key or token has. Copy it again."
BY_HAND: Final = (
    "Run the command by hand: it has to print the token, and nothing else, within "
    f"{COMMAND_SECONDS} s."
)


class Credential:
    """A secret and the header that sends it. `read` makes a new one when it is renewed.

    Without `secret`, `read` gives the first one too. No message holds a secret.
    """

    def __init__(
        self,
        header: str,
        form: str,
        secret: str = "",
        read: Callable[[], str] | None = None,
    ) -> None:
        self._header, self._form = header, form
        self._secret, self._read = secret, read
        self._seen = {secret} - {""}
        self._is_unproven = False
        self._failure: CredentialsError | None = None
        self._lock = threading.Lock()

    async def secret(self) -> str:
        """The secret to send. Raises `CredentialsError` if its command fails."""
        return self._secret or await run_sync(self._first, abandon_on_cancel=True)

    def headers(self, secret: str) -> dict[str, str]:
        """The header that sends it."""
        return {self._header: self._form.format(secret)}

    def accepted(self, secret: str) -> None:
        """The API accepted it: it may be renewed when it expires."""
        if secret == self._secret:
            self._is_unproven = False

    async def instead_of(self, refused: str) -> str | None:
        """The secret to try after a 401; None when there is no other.

        Once is enough: what is new and refused as well is not renewed again.
        """
        if self._read is None:
            return None
        return await run_sync(self._newer, refused, abandon_on_cancel=True)

    def redacted(self, text: str) -> str:
        """The text without any secret that was ever sent."""
        for secret in self._seen:
            text = re.sub(re.escape(secret), "[key]", text, flags=re.IGNORECASE)
        return text

    def _first(self) -> str:
        with self._lock:
            if self._failure:  # not again for each day
                raise self._failure
            return self._secret or self._printed()

    def _newer(self, refused: str) -> str | None:
        with self._lock:
            if self._secret != refused:  # another call has renewed it
                return self._secret
            if self._is_unproven:
                return None
            self._is_unproven = True
            return self._printed()

    def _printed(self) -> str:
        assert self._read is not None
        try:
            self._secret = self._read()
        except CredentialsError as error:
            self._failure = error
            raise
        self._seen.add(self._secret)
        return self._secret


def admin_key(key: str) -> Credential:
    """An Admin key."""
    return Credential("x-api-key", "{}", key)


def token(text: str) -> Credential:
    """An OAuth token. Raises `CredentialsError` if it cannot be sent."""
    secret = sendable(text, "auth_token")
    return Credential("authorization", "Bearer {}", secret)


def token_of(command: str) -> Credential:
    """The OAuth token that a command prints; it runs with the first call."""
    return Credential("authorization", "Bearer {}", read=lambda: printed_by(command))


def sendable(secret: str, what: str) -> str:
    """The secret. Raises `CredentialsError` if a header cannot hold it."""
    if not (secret.isascii() and secret.isprintable()):
        raise CredentialsError(f"{what} {COPY_AGAIN}")
    return secret


def printed_by(command: str) -> str:
    """What the command prints, without white space around it.

    It runs without a shell and without a terminal. Raises `CredentialsError`, without
    the command and its output, which may hold secrets.
    """
    try:
        done = subprocess.run(
            shlex.split(command, posix=os.name == "posix"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=COMMAND_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _failed(f"took more than {COMMAND_SECONDS} s") from None
    except OSError as error:
        raise _failed(f"could not be started ({error.strerror})") from None
    except ValueError:
        raise _failed("cannot be read: a quote in it is not closed") from None
    if done.returncode:
        raise _failed(f"ended with {done.returncode}")
    text = done.stdout.decode("ascii", "replace").strip()
    if not text:
        raise _failed("printed nothing")
    if not (text.isascii() and text.isprintable()) or " " in text:
        raise _failed("printed more than a token")
    return text


def _failed(how: str) -> CredentialsError:
    return CredentialsError(f"auth_token_command {how}. {BY_HAND}")
