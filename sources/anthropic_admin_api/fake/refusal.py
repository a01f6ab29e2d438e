"""A call that the API answers with an error."""


class RefusedError(Exception):
    """The status and the message of the answer."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
