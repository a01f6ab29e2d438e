"""The newest load as Prometheus metrics, for node exporter's textfile collector."""

from .target import require_metrics_file
from .text import HELP, as_text
from .write import write_metrics

__all__ = ["HELP", "as_text", "require_metrics_file", "write_metrics"]
