"""Views over Claude Code usage: staging, marts and checks, as plain SQL files."""

from .models import (
    RAW,
    Kind,
    Model,
    ModelError,
    checks,
    definition,
    lineage,
    materialised,
    models,
    quoted,
    tables_of,
    view_files,
)
from .rendering import render, render_flat

__all__ = [
    "RAW",
    "Kind",
    "Model",
    "ModelError",
    "checks",
    "definition",
    "lineage",
    "materialised",
    "models",
    "quoted",
    "render",
    "render_flat",
    "tables_of",
    "view_files",
]
