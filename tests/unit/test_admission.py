from contextlib import ExitStack

import pytest

from deployments.admission import Admission
from wire.errors import InvalidRequestError, ModelOverloadedError


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


def test_what_nobody_waits_for_leaves_half_of_the_places_to_the_others() -> None:
    admission = Admission(4)
    with admission.hold("m", low_priority=True), admission.hold("m", low_priority=True):
        with pytest.raises(ModelOverloadedError):
            admission.hold("m", low_priority=True).__enter__()
        with admission.hold("m"), admission.hold("m"):
            assert admission.held == 4
    assert (admission.held, admission.held_low_priority) == (0, 0)


@pytest.mark.parametrize(("waited_for", "behind"), [(1, 1), (5, 2), (8, 4), (90, 5)])
def test_while_somebody_waits_the_others_get_few_places_or_one(
    waited_for: int, behind: int
) -> None:
    admission = Admission(100)
    with ExitStack() as held:
        for _ in range(waited_for):
            held.enter_context(admission.hold("m"))
        for _ in range(behind):
            held.enter_context(admission.hold("m", low_priority=True))
        with pytest.raises(ModelOverloadedError):
            admission.hold("m", low_priority=True).__enter__()


def test_what_nobody_waits_for_gets_all_places_at_once_when_it_needs_them() -> None:
    admission = Admission(4)

    with admission.hold("m", 4, low_priority=True):
        assert admission.held == 4
    with admission.hold("m"), pytest.raises(ModelOverloadedError):
        admission.hold("m", 4, low_priority=True).__enter__()


def test_flood_of_one_owner_leaves_places_for_others() -> None:
    admission = Admission(8)
    with ExitStack() as held:
        for _ in range(8):
            held.enter_context(admission.hold("m", owner="flood"))
        with pytest.raises(ModelOverloadedError):
            admission.hold("m", owner="flood").__enter__()

        with admission.hold("m", owner="quiet"):
            assert admission.held == 9
        with admission.hold("m", owner="quiet", low_priority=True):
            assert admission.held_low_priority == 1


def test_refusal_has_no_number_of_the_requests_of_others() -> None:
    admission = Admission(16)
    with (
        admission.hold("m", 11, "other"),
        admission.hold("m", 5, "mine"),
        pytest.raises(ModelOverloadedError) as raised,
    ):
        admission.hold("m", 4, "mine").__enter__()

    assert "5 requests of this key run and wait" in raised.value.message
    assert "11" not in raised.value.message
    assert raised.value.retry_after_s == 1
