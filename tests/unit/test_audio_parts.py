import numpy as np
import pytest

from deployments.decoding import SAMPLE_RATE
from deployments.transcriptions import parts


@pytest.fixture(autouse=True)
def short_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "PART_SECONDS", 10)
    monkeypatch.setattr(parts, "SEARCH_SECONDS", 4)


def loud(seconds: float) -> "np.ndarray[tuple[int], np.dtype[np.int16]]":
    return np.full(round(seconds * SAMPLE_RATE), 9000, np.int16)


@pytest.mark.parametrize("seconds", [0.5, 10, 10.1, 25, 40])
def test_parts_are_all_of_the_audio_in_order(seconds: float) -> None:
    found = list(parts.parts(loud(seconds)))

    assert sum(len(part) for _, part in found) == round(seconds * SAMPLE_RATE)
    assert all(len(part) <= 10 * SAMPLE_RATE for _, part in found)
    assert [start for start, _ in found] == [
        sum(len(part) for _, part in found[:index]) / SAMPLE_RATE for index in range(len(found))
    ]


def test_audio_is_cut_where_it_is_quiet() -> None:
    audio = loud(15)
    audio[8 * SAMPLE_RATE : 8 * SAMPLE_RATE + 8000] = 0

    (_, _), (start, _) = parts.parts(audio)

    assert 8 <= start <= 8.5


def test_shortest_audio_is_filled_up_with_silence() -> None:
    ((start, part),) = parts.parts(loud(0.001))

    assert start == 0
    assert len(part) == 0.1 * SAMPLE_RATE
    assert not part[16:].any()
