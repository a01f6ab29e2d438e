"""What is stored of people: pseudonyms, people to forget, and how long."""

from .settings import PrivacySettings, require_secret, resolve_privacy

__all__ = ["PrivacySettings", "require_secret", "resolve_privacy"]
