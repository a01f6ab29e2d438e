"""Views over Claude Code usage: staging, marts and checks, as plain SQL files."""

from .models import (
    RAW,
    Model,
    ModelError,
    checks,
    definition,
    materialised,
    models,
    render,
    render_flat,
)

__all__ = [
    "RAW",
    "Model",
    "ModelError",
    "checks",
    "definition",
    "materialised",
    "models",
    "render",
    "render_flat",
]
