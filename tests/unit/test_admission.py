import pytest

from deployments.admission import Admission
from serve_app.errors import ModelOverloadedError


def test_request_beyond_the_limit_is_refused_until_one_ends() -> None:
    admission = Admission(2)
    with admission.hold("m"):
        with admission.hold("m"):
            with pytest.raises(ModelOverloadedError, match="2 requests") as raised:
                admission.hold("m").__enter__()
            assert raised.value.retry_after_s
        with admission.hold("m"):
            assert admission.held == 2


def test_place_of_a_failed_request_is_free_again() -> None:
    admission = Admission(1)

    with pytest.raises(ZeroDivisionError), admission.hold("m"):
        raise ZeroDivisionError

    assert admission.held == 0
