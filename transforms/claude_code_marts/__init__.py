"""Views over Claude Code usage: staging, marts and checks, as plain SQL files."""

from .models import Model, ModelError, checks, models, render

__all__ = ["Model", "ModelError", "checks", "models", "render"]
