# pyright: standard
"""The network that is trained: transformers' Whisper, with what helps it to learn.

Besides its answer the model learns, frame by frame, which phoneme is heard and of which word, and
where in the sound to look for each token: espeak-ng returns these exactly, so no alignment is
searched. These parts are left behind when the model is written.

Shapes: B windows of a batch, F frames of the encoder (two frames of features each), T tokens, N
chosen frames or tokens of all windows, C the width (`WIDTH`).
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import parametrize
from transformers import GenerationConfig, WhisperConfig, WhisperForConditionalGeneration

from embedded.transcriptions.recipe.pronunciation import SpokenEmbedding, sounds
from embedded.transcriptions.recipe.tokenizer import NUM_TIMESTAMPS
from embedded.transcriptions.recipe.windows import PHONEMES, UNHEARD, Windows

WIDTH, HEADS = 192, 4
ENCODER_LAYERS, DECODER_LAYERS = 4, 2
PHONEME_LAYER = 2
"""After how many layers of the encoder the phonemes are to be known."""
FINDING_HEADS = ((0, 0), (0, 1))
"""Layer and head of the decoder's attention to the sound that finds where the last word was."""
HEARING_HEADS = ((1, 0), (1, 1))
"""Those that look at the next one from there; by them the times of words are found."""
MAX_TARGET_POSITIONS = 448
"""The prompt and the answer to one window; faster-whisper assumes Whisper's number."""


def whisper_config(text_tokens: int, end: int) -> WhisperConfig:
    """Return the model's shape; the timestamps follow the ``text_tokens`` of the tokenizer."""
    return WhisperConfig(
        vocab_size=text_tokens + NUM_TIMESTAMPS,
        num_mel_bins=80,
        d_model=WIDTH,
        encoder_layers=ENCODER_LAYERS,
        decoder_layers=DECODER_LAYERS,
        encoder_attention_heads=HEADS,
        decoder_attention_heads=HEADS,
        encoder_ffn_dim=4 * WIDTH,
        decoder_ffn_dim=4 * WIDTH,
        max_source_positions=1500,
        max_target_positions=MAX_TARGET_POSITIONS,
        pad_token_id=end,
        bos_token_id=end,
        eos_token_id=end,
        decoder_start_token_id=end + 1,
        begin_suppress_tokens=None,
        suppress_tokens=[],
    )


@dataclass(slots=True)
class Batch:
    """Windows of one length, as tensors."""

    features: Tensor
    """(B, 80, 2 F)."""
    phonemes: Tensor
    """(B, F)."""
    words: Tensor
    """(B, F)."""
    ids: Tensor
    """(B, T)."""
    targets: Tensor
    """(B, T)."""
    read_spans: Tensor
    """(B, T, 2): the first frame in which that is heard what is read, and the first after it."""
    target_spans: Tensor
    """Likewise of what it is to say."""
    offset: int
    """Frames between the beginning of a full window and of these."""


class Listener(nn.Module):
    """Whisper and the parts that are only there while it learns."""

    def __init__(self, made: Windows) -> None:
        super().__init__()
        text_tokens = made.first_timestamp
        self.whisper = WhisperForConditionalGeneration(whisper_config(text_tokens, made.end))
        self.whisper.set_attn_implementation("eager")  # the fused one is slower on a CPU
        self.whisper.generation_config = GenerationConfig(
            suppress_tokens=[],
            begin_suppress_tokens=[],
            no_timestamps_token_id=text_tokens - 1,
            alignment_heads=[list(head) for head in HEARING_HEADS],
        )
        self.phoneme_head = nn.Linear(WIDTH, len(PHONEMES))
        self._looks: dict[int, tuple[Tensor, Tensor]] = {}
        decoder = self._model.decoder
        with torch.no_grad():
            # A timestamp is read from the encoder's positions: it begins as what it is read from.
            places = self._model.encoder.embed_positions.weight
            std = decoder.embed_tokens.weight.std()
            decoder.embed_tokens.weight[text_tokens : text_tokens + 1500] = (
                places * std / places.std()
            )
        table = sounds(made.speaker)
        self.register_buffer("table", torch.from_numpy(table), persistent=False)
        num_tokens = text_tokens + NUM_TIMESTAMPS
        self.spoken = SpokenEmbedding(made.tokenizer, table, num_tokens, WIDTH)
        parametrize.register_parametrization(decoder.embed_tokens, "weight", self.spoken)
        for index, layer in enumerate(decoder.layers):
            layer.encoder_attn.register_forward_pre_hook(self._watch(index), with_kwargs=True)

    @property
    def _model(self) -> Any:
        return self.whisper.model

    def _watch(self, index: int) -> Any:
        def hook(_: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
            asks = args[0] if args else kwargs["hidden_states"]
            sound = kwargs["key_value_states"] if "key_value_states" in kwargs else args[1]
            self._looks[index] = (asks, sound)

        return hook

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Return the mean loss of each thing that is learnt."""
        early, sound = self._encode(batch.features, batch.offset)
        decoder = self._model.decoder
        read = decoder(
            input_ids=batch.ids, encoder_hidden_states=sound, use_cache=False
        ).last_hidden_state
        learnt = batch.targets != UNHEARD
        logits = functional.linear(read[learnt], decoder.embed_tokens.weight)
        some = torch.rand(batch.words.shape, device=sound.device) < 0.4  # neighbours are alike
        return {
            "answer": functional.cross_entropy(logits.float(), batch.targets[learnt]),
            "phonemes": functional.cross_entropy(
                self.phoneme_head(early).flatten(0, 1).float(), batch.phonemes.flatten()
            ),
            "words": self._words(sound[some], batch.words[some]),
            "finding": self._looking(FINDING_HEADS, batch.read_spans, len(batch.phonemes[0])),
            "hearing": self._looking(HEARING_HEADS, batch.target_spans, len(batch.phonemes[0])),
        }

    def _words(self, sound: Tensor, words: Tensor) -> Tensor:
        """Return how far the frames are from telling the phonemes of the word they are of.

        ``sound`` is (N, C), ``words`` (N).
        """
        likely = functional.linear(sound, self.spoken.slots.flatten(0, 1)).float()
        slots = likely.unflatten(-1, self.spoken.slots.shape[:2]).flatten(0, 1)
        return functional.cross_entropy(slots, self.get_buffer("table")[words].flatten())

    def extract_whisper(self) -> WhisperForConditionalGeneration:
        """Return the Whisper alone, as it is to be written; this network has no use after."""
        parametrize.remove_parametrizations(self._model.decoder.embed_tokens, "weight")
        self.whisper.tie_weights()
        return self.whisper

    def _encode(self, features: Tensor, offset: int) -> tuple[Tensor, Tensor]:
        """Return the states (B, F, C) of the phonemes' layer and those at the end."""
        encoder = self._model.encoder
        x = functional.gelu(encoder.conv1(features))
        x = functional.gelu(encoder.conv2(x)).transpose(1, 2)
        x = x + encoder.embed_positions.weight[offset : offset + x.shape[1]]
        early = x
        for index, layer in enumerate(encoder.layers):
            x = layer(x, None)
            x = x[0] if isinstance(x, tuple) else x
            if index + 1 == PHONEME_LAYER:
                early = x
        return early, encoder.layer_norm(x)

    def _looking(self, heads: tuple[tuple[int, int], ...], spans: Tensor, frames: int) -> Tensor:
        """Return how far the heads are from looking at just the frames of each token.

        ``spans`` is (B, T, 2).
        """
        timed = spans[..., 1] > spans[..., 0]
        if not timed.any():  # windows of silence alone
            return torch.zeros((), device=spans.device)
        start, end = spans[timed].unsqueeze(-1).unbind(1)
        frame = torch.arange(frames, device=spans.device)
        inside = (frame >= start) & (frame < end)
        size = WIDTH // HEADS
        total = torch.zeros((), device=spans.device)
        for layer, head in heads:
            attention = self._model.decoder.layers[layer].encoder_attn
            asks, sound = self._looks[layer]
            part = slice(head * size, (head + 1) * size)
            q = functional.linear(asks, attention.q_proj.weight[part], attention.q_proj.bias[part])
            k = functional.linear(sound, attention.k_proj.weight[part])
            likely = (q @ k.transpose(1, 2) * size**-0.5)[timed].float().log_softmax(-1)
            total = total - (likely * inside).sum(-1).div(inside.sum(-1)).mean()
        return total / len(heads)
