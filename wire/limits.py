"""The limits of requests, each with its reason: what is over one is a 400 or 413 that names it.

Limits that an operator sets are in the configuration. ``docs/guide/limits.md`` has this table.
"""

from dataclasses import dataclass
from typing import Annotated


@dataclass(frozen=True, slots=True)
class Of:
    """What a limit is of, and why it has its value."""

    what: str
    reason: str


# Requests

MAX_BODY_VALUES: Annotated[
    int, Of("values of a JSON body", "as many tokens as the longest contexts have")
] = 1_000_000
MAX_BODY_OBJECTS: Annotated[
    int,
    Of(
        "objects of a JSON body",
        "a long conversation with tools has some thousand; so many take a second of work in all",
    ),
] = 20_000
MAX_BODY_BACKSLASHES: Annotated[
    int,
    Of(
        "backslashes of a JSON body",
        "as many escaped characters as the longest contexts have; each takes as long to read as "
        "ten others",
    ),
] = 2_000_000
MAX_BODY_MEMBERS: Annotated[
    int, Of("members of a JSON body itself", "the longest request has 60")
] = 1000
MAX_FORM_FIELDS: Annotated[
    int,
    Of(
        "fields of a form",
        "ElevenLabs' speech to text takes 1,000 `keyterms`; each takes memory before it "
        "is looked at",
    ),
] = 1200
MAX_FORM_FIELD_BYTES: Annotated[int, Of("bytes of a field of a form", "it is held in memory")] = (
    2**20
)
MAX_FORM_FIELD_BYTES_BESIDE_FILE: Annotated[
    int,
    Of(
        "bytes of a field of a form beside a file that is not held in memory",
        "such a form may be far larger than what memory is for",
    ),
] = 2**16
MAX_PART_HEADERS_BYTES: Annotated[
    int, Of("bytes of the headers of a part of a form", "names of files have some hundred")
] = 8 * 2**10
MAX_HEADER_PARAMETERS: Annotated[
    int,
    Of(
        "parameters of a header of a part of a form",
        "texts with semicolons take quadratic time to read",
    ),
] = 100
MAX_METADATA_PAIRS: Annotated[
    int, Of("members of `metadata` of a stored object", "OpenAI's limit")
] = 16
MAX_METADATA_KEY_CHARS: Annotated[
    int, Of("characters of a key of `metadata`", "OpenAI's limit")
] = 64
MAX_METADATA_VALUE_CHARS: Annotated[
    int, Of("characters of a value of `metadata`", "OpenAI's limit")
] = 512
MAX_ID_CHARS: Annotated[
    int, Of("characters of an id in a body", "ids that Homeport makes have 60")
] = 200
MAX_NAME_CHARS: Annotated[
    int, Of("characters of the name of a stored object", "OpenAI's limit")
] = 256
MAX_DESCRIPTION_CHARS: Annotated[
    int, Of("characters of the description of one", "OpenAI's limit")
] = 512

# Structured outputs

MAX_SCHEMA_BYTES: Annotated[
    int, Of("bytes of a JSON schema", "the largest real ones have a third of it")
] = 2**19
MAX_SCHEMA_PARTS: Annotated[int, Of("schemas within one", "they take half a second to read")] = 1000
MAX_SCHEMA_VALUES: Annotated[
    int, Of("values and names in all lists of a schema", "they take up to a second to compile")
] = 10_000
MAX_ALTERNATIVES: Annotated[
    int, Of("alternatives of one value of a schema", "combinations of `anyOf` multiply them")
] = 128
MAX_SCHEMA_GOALS: Annotated[
    int,
    Of(
        "schemas of one, and combinations of them, that a part of the value must meet",
        "they take half a second",
    ),
] = 5000
MAX_MERGES: Annotated[
    int, Of("combinations of alternatives that are tried for a schema", "they take half a second")
] = 6000
MAX_NAME_COMPARISONS: Annotated[
    int,
    Of(
        "parts of a schema's patterns times characters of its names",
        "comparing them takes a tenth of a second",
    ),
] = 100_000
MAX_REFERENCES: Annotated[
    int, Of("references of a schema from one to the next", "each is a level of recursion")
] = 100
MAX_LISTED_VALUES: Annotated[
    int,
    Of(
        "values that take the place of a keyword which is not enforced itself",
        "a `multipleOf` is written as an `enum`",
    ),
] = 1000
MAX_UNIQUE_VALUES: Annotated[
    int,
    Of(
        "different items of an array with `uniqueItems`",
        "all their orders are written as an `enum`",
    ),
] = 5
MAX_VALUE_COMPARISONS: Annotated[
    int,
    Of(
        "parts of a schema's patterns times characters of its values",
        "comparing them takes half a second",
    ),
] = 500_000
MAX_REGEX_CHARS: Annotated[
    int, Of("characters of a regular expression", "longer ones take more than a second")
] = 20_000
MAX_REGEX_PARTS: Annotated[
    int,
    Of(
        "parts of a pattern of a schema with its repetitions written out",
        "the grammar library writes them out",
    ),
] = 6000
MAX_GRAMMAR_CHARS: Annotated[
    int,
    Of(
        "characters of a grammar",
        "generated grammars of dozens of functions have fewer; so many take a tenth of a "
        "second to parse",
    ),
] = 65_536
MAX_GRAMMAR_NESTING: Annotated[
    int,
    Of("groups of a grammar within one another", "some generators nest one per letter of a key"),
] = 200
MAX_GRAMMAR_REPETITIONS: Annotated[
    int,
    Of(
        "repetitions of a part of a grammar",
        "longer than any answer, and within the engine's counters",
    ),
] = 100_000
MAX_GRAMMAR_CHAIN: Annotated[
    int,
    Of(
        "rules of a grammar that begin with one another",
        "the engine visits all of them at every token: 300 take up to 0.1 s, 3,000 take "
        "minutes; grammars of programming languages have 20",
    ),
] = 200
MAX_GRAMMAR_OPTIONAL: Annotated[
    int,
    Of(
        "parts of a grammar in a row that may be left out",
        "the engine precomputes every path through them: with 2,048 tokens, 40 take 1 s "
        "and 80 take 5 s",
    ),
] = 50

# Chat and responses

MAX_CHOICES: Annotated[int, Of("answers of one request (`n`)", "OpenAI's limit")] = 128
MAX_TOOLS: Annotated[int, Of("tools", "OpenAI's limit")] = 128
MAX_TOKENIZED_CHARS: Annotated[
    int,
    Of(
        "characters of a text to tokenize",
        "more than the longest contexts have; the answer lists the tokens",
    ),
] = 2**22
MAX_LOGIT_BIASES: Annotated[
    int, Of("entries of `logit_bias`", "as many tokens as the largest vocabularies have")
] = 262_144
MAX_LOGPROBS: Annotated[
    int, Of("most likely tokens per token (`top_logprobs`)", "OpenAI's limit")
] = 20
MAX_CONVERSATION_ITEMS: Annotated[
    int, Of("items that one request adds to a conversation", "OpenAI's limit")
] = 20
MAX_RESPONSE_CHAIN: Annotated[
    int, Of("responses that one goes on from", "each is a row that is read")
] = 1000

# Assistants

MAX_MESSAGE_CHARS: Annotated[
    int, Of("characters of instructions and of a message", "OpenAI's limit")
] = 256_000
MAX_NEW_MESSAGES: Annotated[int, Of("messages of one request", "OpenAI's limit")] = 32
MAX_ASSISTANT_FILES: Annotated[
    int, Of("files of an assistant of version 1, and of a code interpreter", "OpenAI's limit")
] = 20
MAX_ASSISTANT_STORES: Annotated[int, Of("vector stores of an assistant", "OpenAI's limit")] = 1
MAX_MESSAGE_PARTS: Annotated[
    int, Of("parts of a message", "OpenAI's limit is in characters; each part is a row in memory")
] = 100
MAX_ATTACHMENTS: Annotated[
    int, Of("attachments of a message", "as many files as a vector store is created with")
] = 500
MAX_TOOL_OUTPUTS: Annotated[
    int, Of("outputs that a run is given", "as many as it may have tools")
] = 128
MAX_RUN_TURNS: Annotated[
    int, Of("answers of the model in a run", "one that calls tools for ever would have no end")
] = 32
MAX_WRITTEN_FILES: Annotated[
    int, Of("files of one program of the code interpreter that are kept", "as many as it is given")
] = 20

# Files and batches

MAX_FILENAME_CHARS: Annotated[
    int, Of("characters of a file's name", "file systems have the same limit")
] = 255
MAX_UPLOAD_PARTS: Annotated[int, Of("parts of an upload", "their ids are one request")] = 10_000
MAX_BATCH_BYTES: Annotated[int, Of("bytes of a batch's file", "OpenAI's limit")] = 200_000_000
MAX_BATCH_LINES: Annotated[int, Of("requests of a batch", "OpenAI's limit")] = 50_000
MAX_CUSTOM_ID_CHARS: Annotated[
    int, Of("characters of a `custom_id`", "more than any id has, and each is kept")
] = 512

# Vector stores

MAX_STORE_FILES: Annotated[
    int, Of("files of a request that creates a vector store", "OpenAI's limit")
] = 500
MAX_STORE_BATCH_FILES: Annotated[int, Of("files of a file batch", "OpenAI's limit")] = 2000
MAX_STORE_TOTAL_FILES: Annotated[int, Of("files of a vector store", "OpenAI's limit")] = 10_000
MAX_DOCUMENT_CHARS: Annotated[
    int,
    Of(
        "characters of text of a file of a vector store",
        "as many as OpenAI's limit of five million tokens",
    ),
] = 20_000_000
MAX_SEARCH_RESULTS: Annotated[int, Of("results of a search", "OpenAI's limit")] = 50
MAX_SEARCH_QUERIES: Annotated[
    int, Of("queries of a search", "each is embedded and searched; OpenAI documents no limit")
] = 20
MAX_SEARCH_FILTERS: Annotated[
    int, Of("filters of one `and` or `or`", "each is compared with every file")
] = 100
MAX_KEYS: Annotated[int, Of("keys of a request of LocalAI's stores", "each is a vector")] = 10_000
MAX_KEY_LENGTH: Annotated[int, Of("numbers of a key", "four times the longest embeddings")] = 16_384
MAX_TOPK: Annotated[
    int, Of("results of a search in LocalAI's stores", "each is returned whole")
] = 1000

# Embeddings, rerank and moderations

MAX_INPUTS: Annotated[int, Of("inputs of a request for embeddings", "OpenAI's limit")] = 2048
MAX_TOKEN_IDS: Annotated[int, Of("token ids of all inputs", "OpenAI's limit")] = 300_000
MAX_DOCUMENTS: Annotated[
    int, Of("documents of a request for rerank or score", "the same as inputs of embeddings")
] = 2048
MAX_RANK_FIELDS: Annotated[
    int, Of("fields of a document that are read", "real documents have a dozen")
] = 100
MAX_TEXTS: Annotated[int, Of("inputs of a moderation", "each is a prompt of a chat model")] = 32

# Images and audio

MAX_IMAGES: Annotated[int, Of("images of a request: `n` times the prompts", "OpenAI's limit")] = 10
MAX_SOURCES: Annotated[int, Of("pictures to begin with", "OpenAI's limit")] = 16
MAX_PICTURE_PIXELS: Annotated[
    int, Of("pixels of a picture to begin with", "more than most cameras make; 160 MB once decoded")
] = 40_000_000
MAX_IMAGE_PROMPT_CHARS: Annotated[int, Of("characters of an image's prompt", "OpenAI's limit")] = (
    32_000
)
MAX_TRANSCRIPTION_PROMPT_CHARS: Annotated[
    int, Of("characters of a transcription's prompt", "Whisper reads only the last 223 tokens")
] = 10_000
MAX_KEYWORDS: Annotated[
    int, Of("keywords of a transcription", "they share the prompt's tokens")
] = 100
MAX_KEYWORD_CHARS: Annotated[
    int, Of("characters of a keyword", "they share the prompt's tokens")
] = 200
MAX_LANGUAGES: Annotated[int, Of("languages that a recording may be in", "Whisper has as many")] = (
    100
)
MAX_KEYTERMS: Annotated[
    int, Of("`keyterms` of ElevenLabs' speech to text", "ElevenLabs' limit")
] = 1000
MAX_SAMPLES: Annotated[
    int,
    Of(
        "samples of a recording in JSON",
        "five minutes at 16 kHz; JSON takes ten times the bytes, so longer recordings "
        "must be files",
    ),
] = 4_800_000

LIMITS: dict[str, tuple[int, Of]] = {
    name: (globals()[name], hint.__metadata__[0]) for name, hint in __annotations__.items()
}
"""All of them, by their names."""
