"""A call as the server receives it."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Request:
    target: str  # the path with its query, as received
    headers: Mapping[str, str]  # names in lower case

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return dict(self._pairs)

    def all(self, name: str) -> list[str]:
        """The values of a parameter that may repeat."""
        return [value for key, value in self._pairs if key == name]

    @property
    def _pairs(self) -> list[tuple[str, str]]:
        return parse_qsl(urlsplit(self.target).query, keep_blank_values=True)
