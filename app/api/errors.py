"""Errors as the HTTP API tells them, in the form that clients made for OpenAI's understand."""

from collections.abc import Mapping

from starlette.responses import JSONResponse

_TYPES = {401: "authentication_error", 429: "rate_limit_error"}


class ApiError(Exception):
    """A request that is refused.

    Args:
        status: HTTP status.
        message: what is wrong and what would work.
        param: the field at fault.
        code: a word for programs.
        headers: to go with the answer.
    """

    def __init__(
        self,
        status: int,
        message: str,
        param: str | None = None,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.param, self.code = status, param, code
        self.headers = dict(headers or {})

    def answer(self) -> JSONResponse:
        """What the client gets."""
        return error_answer(
            self.status, str(self), param=self.param, code=self.code, headers=self.headers
        )


def error_answer(
    status: int,
    message: str,
    *,
    param: str | None = None,
    code: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """An error as JSON: `{"error": {"message", "type", "param", "code"}}`.

    Args:
        status: HTTP status.
        message: what is wrong and what would work.
        param: the field at fault.
        code: a word for programs.
        headers: to go with it.
    """
    kind = _TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error")
    content = {"error": {"message": message, "type": kind, "param": param, "code": code}}
    return JSONResponse(content, status, headers=dict(headers or {}))
