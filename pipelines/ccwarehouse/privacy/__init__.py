"""What is stored of people: pseudonyms, people to forget, and how long."""

from .settings import PrivacySettings, resolve_privacy

__all__ = ["PrivacySettings", "resolve_privacy"]
