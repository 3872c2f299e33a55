"""What the arguments of an image model are refused for, before anything is loaded."""

import pytest
from pydantic import ValidationError

from deployments.images.config import ImagesConfig


@pytest.mark.parametrize("size", ["8x8", "512x63", "1032x512", "0x64", "64"])
def test_default_size_that_no_request_may_ask_for_is_refused(size: str) -> None:
    with pytest.raises(ValidationError, match="default_size"):
        ImagesConfig(model_id="draw", model="embedded/images", default_size=size)
