"""Every method of the SDKs' resources that are served, with every parameter."""

import pytest

from tests.api.sdk.page import PAGE, render_page
from tests.api.sdk.sdks import SDKS, Group, Sdk, record

EACH_SDK = pytest.mark.parametrize("sdk", SDKS, ids=lambda sdk: sdk.package)
EACH_GROUP = pytest.mark.parametrize(
    ("sdk", "group"),
    [pytest.param(sdk, group, id=group.__name__) for sdk in SDKS for group in sdk.groups],
)


@EACH_GROUP
def test_sdk_reads_every_answer_strictly(sdk: Sdk, group: Group) -> None:
    assert not record(sdk, group).faults


@EACH_SDK
def test_every_parameter_of_every_served_method_is_sent(sdk: Sdk) -> None:
    sent = {
        method: frozenset(outcomes) - {""}
        for group in sdk.groups
        for method, outcomes in record(sdk, group).outcomes.items()
    }

    assert sent == sdk.find_served()


@EACH_SDK
def test_asynchronous_client_has_the_same_methods(sdk: Sdk) -> None:
    assert set(sdk.find_served_async()) == set(sdk.find_served())


def test_page_lists_what_the_methods_answer() -> None:
    assert PAGE.read_text() == render_page(), "write it anew: python -m tests.api.sdk.page"
