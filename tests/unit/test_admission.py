import pytest

from deployments.admission import Admission
from serve_app.errors import InvalidRequestError, ModelOverloadedError


def test_request_beyond_the_limit_is_refused_until_one_ends() -> None:
    admission = Admission(2)
    with admission.hold("m"):
        with admission.hold("m"):
            with pytest.raises(
                ModelOverloadedError, match="2 requests running and waiting of 2"
            ) as raised:
                admission.hold("m").__enter__()
            assert raised.value.retry_after_s
        with admission.hold("m"):
            assert admission.held == 2


def test_request_takes_a_place_for_each_answer() -> None:
    admission = Admission(4)
    with admission.hold("m", 3):
        with pytest.raises(ModelOverloadedError):
            admission.hold("m", 2).__enter__()
        with admission.hold("m"):
            assert admission.held == 4
    with pytest.raises(InvalidRequestError, match="5 answers"):
        admission.hold("m", 5).__enter__()


def test_place_of_a_failed_request_is_free_again() -> None:
    admission = Admission(1)

    with pytest.raises(ZeroDivisionError), admission.hold("m"):
        raise ZeroDivisionError

    assert admission.held == 0
