"""A spoken question gets a spoken answer: Piper, Whisper and SmolLM2 in turn."""

import base64
from typing import Any

from openai import OpenAI

QUESTION = "What is the capital of France?"


def test_spoken_question_gets_a_spoken_answer(client: OpenAI) -> None:
    spoken = client.audio.speech.create(
        model="tts-1", voice="alloy", input=QUESTION, response_format="wav"
    ).content
    part: Any = {
        "type": "input_audio",
        "input_audio": {"data": base64.b64encode(spoken).decode(), "format": "wav"},
    }

    completion = client.chat.completions.create(
        model="gpt-4o",
        messages=[{"role": "user", "content": [part]}],
        modalities=["text", "audio"],
        audio={"voice": "alloy", "format": "wav"},
        temperature=0,
        max_tokens=40,
    )

    audio = completion.choices[0].message.audio
    assert audio is not None
    assert "Paris" in audio.transcript
    heard = client.audio.transcriptions.create(
        model="whisper-1", file=("answer.wav", base64.b64decode(audio.data))
    )
    assert "Paris" in heard.text
