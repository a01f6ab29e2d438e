"""What ends an export.

LookupError
  UnknownViewError   there is no view of this name
RuntimeError
  ExportError        the output could not be written
Exception
  ReaderGoneError    the reader of the output stopped early: no fault
"""


class UnknownViewError(LookupError):
    """There is no view of this name; the message names the nearest ones."""


class ExportError(RuntimeError):
    """The output could not be written; the message says why, and what to do."""


class ReaderGoneError(Exception):
    """The reader of a pipe has gone, as `| head` does."""
