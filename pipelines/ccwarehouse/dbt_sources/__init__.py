"""The tables and views as sources of a dbt project, with descriptions and tests."""

from .document import sources
from .text import as_yaml, text_sink

__all__ = ["as_yaml", "sources", "text_sink"]
