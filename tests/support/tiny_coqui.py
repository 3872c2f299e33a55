# pyright: standard
"""Makes tiny Coqui checkpoints with random weights, as the library itself saves them."""

import json
import wave
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from tokenizers.models import BPE
from TTS.config.shared_configs import BaseAudioConfig
from TTS.tts.configs.shared_configs import CharactersConfig
from TTS.tts.configs.vits_config import VitsArgs, VitsConfig
from TTS.tts.configs.xtts_config import XttsArgs, XttsAudioConfig, XttsConfig
from TTS.tts.layers.xtts.tokenizer import VoiceBpeTokenizer
from TTS.tts.models.vits import Vits
from TTS.tts.models.xtts import Xtts

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


def make_xtts(
    directory: Path, speakers: Sequence[str] = ("Ana",), languages: Sequence[str] = ("en", "de")
) -> Path:
    """Write an XTTS model with built-in speakers, and return its directory."""
    torch.manual_seed(1)
    directory.mkdir(parents=True, exist_ok=True)
    _write_vocabulary(directory / "vocab.json")
    arguments = XttsArgs(
        gpt_layers=1,
        gpt_n_model_channels=64,
        gpt_n_heads=2,
        gpt_number_text_tokens=64,
        gpt_start_text_token=3,
        gpt_stop_text_token=0,
        gpt_num_audio_tokens=34,
        gpt_start_audio_token=32,
        gpt_stop_audio_token=33,
        gpt_max_audio_tokens=40,
        gpt_use_perceiver_resampler=True,
        decoder_input_dim=64,
    )
    audio = XttsAudioConfig(sample_rate=22_050, output_sample_rate=24_000)
    settings = XttsConfig(model_args=arguments, audio=audio, languages=list(languages))
    model: Any = Xtts(settings)
    model.tokenizer = VoiceBpeTokenizer(vocab_file=str(directory / "vocab.json"))
    model.init_models()
    # Random weights would stop at random, so it speaks for the maximum length.
    model.gpt.mel_head.bias.data[arguments.gpt_stop_audio_token] = -1e4
    torch.save({"model": model.state_dict()}, directory / "model.pth")
    settings.save_json(str(directory / "config.json"))
    voices = {
        speaker: {
            "gpt_cond_latent": torch.randn(1, 32, 64),
            "speaker_embedding": torch.randn(1, 512, 1),
        }
        for speaker in speakers
    }
    torch.save(voices, directory / "speakers_xtts.pth")
    return directory


def _write_vocabulary(path: Path) -> None:
    special = ["[STOP]", "[UNK]", "[SPACE]", "[START]", "[en]", "[de]"]
    tokens = [*special, *"abcdefghijklmnopqrstuvwxyz.,!?'"]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    tokenizer = Tokenizer(BPE(vocab=vocabulary, merges=[], unk_token="[UNK]"))
    tokenizer.add_special_tokens(special)
    tokenizer.save(str(path))
