# pyright: standard
"""Makes tiny Coqui checkpoints with random weights, as the library itself saves them."""

import json
import wave
from pathlib import Path

import numpy as np
import torch
from TTS.config.shared_configs import BaseAudioConfig
from TTS.tts.configs.shared_configs import CharactersConfig
from TTS.tts.configs.vits_config import VitsArgs, VitsConfig
from TTS.tts.models.vits import Vits

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
SAMPLE_RATE = 16_000


def make_vits(
    directory: Path, speakers: tuple[str, ...] = ("ann", "bob"), **config: object
) -> Path:
    """Write a VITS model of some speakers and return its directory."""
    torch.manual_seed(1)
    arguments = VitsArgs(
        hidden_channels=16,
        hidden_channels_ffn_text_encoder=32,
        num_heads_text_encoder=2,
        num_layers_text_encoder=1,
        num_layers_flow=1,
        num_layers_posterior_encoder=1,
        use_sdp=False,
        resblock_kernel_sizes_decoder=[3],
        resblock_dilation_sizes_decoder=[[1, 3, 5]],
        upsample_initial_channel_decoder=16,
        init_discriminator=False,
        use_speaker_embedding=len(speakers) > 1,
        speaker_embedding_channels=8,
        length_scale=4,  # random weights predict a frame a letter
    )
    settings = VitsConfig(
        model_args=arguments,
        audio=BaseAudioConfig(sample_rate=SAMPLE_RATE),
        characters=CharactersConfig(
            pad="_", blank="~", characters=LETTERS, punctuations="!'(),-.:;? ", phonemes=""
        ),
        use_phonemes=False,
        text_cleaner=None,
        add_blank=True,
        speakers=list(speakers) if len(speakers) > 1 else [],
    )
    for name, value in config.items():
        setattr(settings, name, value)
    model = Vits(settings)
    directory.mkdir(parents=True, exist_ok=True)
    torch.save({"model": model.state_dict()}, directory / "model.pth")
    settings.save_json(str(directory / "config.json"))
    if len(speakers) > 1:
        ids = {name: number for number, name in enumerate(speakers)}
        directory.joinpath("speakers.json").write_text(json.dumps(ids))
    return directory


def make_recording(path: Path, seconds: float = 6) -> Path:
    """Write a WAV file that a voice can be cloned from."""
    time = np.arange(int(seconds * 22_050)) / 22_050
    tone = 0.3 * np.sin(2 * np.pi * 150 * time) * (1 + np.sin(2 * np.pi * 3 * time)) / 2
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(22_050)
        file.writeframes((tone * 32767).astype(np.int16).tobytes())
    return path
