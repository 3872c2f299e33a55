"""A body of each operation, as the ingress may write it."""

from collections.abc import Mapping

from wire.bodies import (
    AudioBody,
    ChatCompletionBody,
    CompletionBody,
    DetokenizeBody,
    EmbeddingsBody,
    EncodeSpeechBody,
    ImagePrompt,
    ImagesBody,
    MessageBody,
    MessageTokensBody,
    RerankBody,
    ResponseBody,
    SpeechBody,
    TokenizeBody,
    TranscriptionBody,
)
from wire.calls import Operation
from wire.operations import AnyBody

HELLO = {"role": "user", "content": "Hello"}
PICTURE = ImagesBody(prompts=[ImagePrompt(positive="a cat")], n=2, size="64x64")
SPOKEN = SpeechBody(input="Hello.", voice="ana", response_format="pcm")
TURN = ResponseBody(input=[HELLO], request_id="resp_1", shown={"user": "me"}, num_before=0)

BODIES: Mapping[Operation, AnyBody] = {
    Operation.CHAT_COMPLETION: ChatCompletionBody(messages=[HELLO], stream=True),
    Operation.COMPLETION: CompletionBody(prompt=["Hello", "Bye"], n=2),
    Operation.RESPONSE: TURN,
    Operation.RESPONSE_INPUT_TOKENS: TURN,
    Operation.MESSAGE: MessageBody(messages=[HELLO], max_tokens=5, top_p=0.5),
    Operation.MESSAGE_TOKENS: MessageTokensBody(messages=[HELLO], system="Be brief."),
    Operation.TOKENIZE: TokenizeBody(prompt="Hello"),
    Operation.DETOKENIZE: DetokenizeBody(tokens=[1, 2]),
    Operation.EMBEDDINGS: EmbeddingsBody(input=["cat", [1, 2]], dimensions=8),
    Operation.RERANK: RerankBody(query="cat", documents=["dog", "kitten"]),
    Operation.IMAGE_GENERATION: PICTURE,
    Operation.IMAGE_EDIT: PICTURE,
    Operation.IMAGE_VARIATION: PICTURE,
    Operation.SPEECH: SPOKEN,
    Operation.SPEECH_WITH_TIMESTAMPS: SPOKEN,
    Operation.ENCODE_SPEECH: EncodeSpeechBody(response_format="mp3"),
    Operation.TRANSCRIPTION: TranscriptionBody(languages=("en", "de"), word_timestamps=True),
    Operation.VAD: AudioBody(encoding="s16le", vad_parameters={"threshold": 0.5}),
}
