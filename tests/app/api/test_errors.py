import json

import pytest

from app.api.errors import ApiError, error_answer


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (404, "invalid_request_error"),
        (429, "rate_limit_error"),
        (500, "server_error"),
        (503, "server_error"),
    ],
)
def test_an_error_has_the_form_that_clients_know(status: int, kind: str) -> None:
    answer = error_answer(status, "no", param="p", code="c", headers={"X-A": "1"})
    assert answer.status_code == status
    assert answer.headers["x-a"] == "1"
    content = json.loads(bytes(answer.body))
    assert content == {"error": {"message": "no", "type": kind, "param": "p", "code": "c"}}


def test_an_api_error_answers_with_all_it_knows() -> None:
    answer = ApiError(429, "later", code="full", headers={"Retry-After": "3"}).answer()
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "3")
    assert json.loads(bytes(answer.body))["error"]["message"] == "later"
