"""Small JSON objects with the fields that were asked for."""

from __future__ import annotations

import json
from random import Random

from embedded.chat.recipe.listing import phrases, words
from embedded.chat.recipe.phrasing import vary
from embedded.chat.recipe.sample import Sample, Split, chat, draw
from embedded.chat.recipe.vocabulary import (
    COLOURS,
    FOODS,
    JOBS,
    PETS,
    WORDS,
    city,
    code,
    make_up_word,
    name,
)

Value = str | int | bool
FIELDS = words("""
    name age city country job colour price size gender legs animal food title year code weight
    height email active count id type status owner street brand model score level
""")
NUMERIC = frozenset(words("age price legs year weight height count id score level size"))
# Values for fields that the request names without giving any.
DEFAULTS: dict[str, Value] = {
    "name": "Ada",
    "age": 30,
    "city": "Paris",
    "country": "France",
    "job": "baker",
    "colour": "blue",
    "color": "blue",
    "price": 10,
    "size": 5,
    "gender": "female",
    "legs": 4,
    "animal": "dog",
    "food": "bread",
    "title": "book",
    "year": 2000,
    "code": "A1",
    "weight": 20,
    "height": 100,
    "email": "ada@home.org",
    "active": True,
    "count": 3,
    "id": 1,
    "type": "small",
    "status": "open",
    "owner": "Ben",
    "street": "Main",
    "brand": "Acme",
    "model": "X1",
    "score": 7,
    "level": 2,
    "species": "dog",
    "sound": "woof",
}
ASK = phrases("""
    Give me a JSON object with {f} | Make a JSON object with {f} | Write a JSON object with {f} |
    Return JSON with {f} | Return a JSON object with the fields {f} |
    Create a JSON object with {f} | I need a JSON object with {f} | Generate JSON with {f} |
    Answer with a JSON object with {f} | Reply in JSON with {f} | Please give me JSON with {f} |
    JSON with {f} | Produce a JSON object that has {f} | Output a JSON object with {f} |
    Give me JSON with {f} | Show me a JSON object with the keys {f} |
    Build a JSON object with the keys {f} | Respond in JSON with {f}
""")


def value(rng: Random, field: str, split: Split) -> Value:
    """A value that suits the field."""
    if field in NUMERIC:
        return rng.randint(0, 99) if rng.random() < 0.85 else rng.randint(100, 2030)
    if field in ("name", "owner"):
        return name(rng, split)
    if field in ("city", "country", "street"):
        return city(rng, split)
    if field == "active":
        return rng.random() < 0.5
    listed = {
        "job": JOBS,
        "colour": COLOURS,
        "animal": PETS,
        "food": FOODS,
        "gender": ("male", "female"),
    }.get(field)
    if listed and rng.random() < 0.7:
        return rng.choice(listed)
    if field in ("code", "model"):
        # Letters first: whether digits alone are a number or a text would be a guess.
        return "ABCDEFGHK"[rng.randrange(9)] + code(rng)
    return rng.choice(WORDS) if rng.random() < 0.75 else make_up_word(rng)


def fields(rng: Random, split: Split) -> list[str]:
    """One to four field names, made-up ones among them, on the side of the split."""

    def make() -> list[str]:
        chosen = rng.sample(FIELDS, rng.choice((1, 2, 2, 3, 3, 4)))
        return [make_up_word(rng) if rng.random() < 0.08 else field for field in chosen]

    return draw(make, split, key=lambda names: "json:" + ",".join(names))


def join_names(names: list[str], quote: str = "") -> str:
    """The names as a list in words."""
    shown = [f"{quote}{n}{quote}" for n in names]
    return shown[0] if len(shown) == 1 else ", ".join(shown[:-1]) + " and " + shown[-1]


def format_value(value: Value) -> str:
    """The value as a request writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def sentence(rng: Random, split: Split) -> tuple[str, dict[str, Value]]:
    """A request whose values stand in a sentence about somebody or something."""
    roll = rng.random()
    who, age, place, job = name(rng, split), rng.randint(1, 99), city(rng, split), rng.choice(JOBS)
    if roll < 0.3:
        ask = rng.choice(
            phrases("""
            {f} for {w} who is {a} | {f} for {w}, who is {a} years old | {f} for {w}, aged {a} |
            {f}: {w} is {a} years old | {f} for a person called {w} of age {a} | {f} for {w}, {a}
        """)
        )
        return ask.format(f="name and age", w=who, a=age), {"name": who, "age": age}
    if roll < 0.42:
        ask = rng.choice(
            ("{f} for {w} who lives in {c}", "{f} for {w} from {c}", "{f}: {w} lives in {c}")
        )
        return ask.format(f="name and city", w=who, c=place), {"name": who, "city": place}
    if roll < 0.54:
        ask = rng.choice(
            ("{f} for {w} who is a {j}", "{f} for {w}, a {j}", "{f}: {w} works as a {j}")
        )
        return ask.format(f="name and job", w=who, j=job), {"name": who, "job": job}
    if roll < 0.72:
        ask = rng.choice(
            phrases("""
            {f} for {w} who is {a} and lives in {c} | {f} for {w}, {a} years old, from {c} |
            {f}: {w} is {a} and lives in {c}
        """)
        )
        return ask.format(f="name, age and city", w=who, a=age, c=place), {
            "name": who,
            "age": age,
            "city": place,
        }
    pet, sex, legs = (
        rng.choice(PETS),
        rng.choice(("male", "female")),
        rng.choice((0, 2, 4, 4, 6, 8)),
    )
    ask = rng.choice(
        phrases("""
        {f} for a {s} {p} called {w} with {n} legs | {f} for the {s} {p} {w} with {n} legs |
        {f} for an animal called {w}, {s}, {n} legs | {f}: {w} is a {s} {p} with {n} legs
    """)
    )
    names = join_names(["name", "gender", "legs"], rng.choice(("", '"', "'")))
    return ask.format(f=names, s=sex, p=pet, w=who, n=legs), {
        "name": who,
        "gender": sex,
        "legs": legs,
    }


def without_values(rng: Random, split: Split) -> tuple[str, dict[str, Value]]:
    """A request that names fields only: the values are the usual ones."""
    names = draw(
        lambda: rng.sample(tuple(DEFAULTS), rng.randint(1, 4)),
        split,
        key=lambda n: "bare:" + ",".join(n),
    )
    quote = rng.choice(("", "", '"', "'"))
    about = rng.choice(
        (
            "",
            "",
            " for an animal",
            " for a person",
            " of an example",
            " for an animal of your choice",
        )
    )
    if rng.random() < 0.15:
        kinds = {int: "integer", bool: "boolean", str: "string"}
        schema = {
            "type": "object",
            "properties": {n: {"type": kinds[type(DEFAULTS[n])]} for n in names},
        }
        return f"the schema {json.dumps(schema)}", {n: DEFAULTS[n] for n in names}
    return join_names(names, quote) + about, {n: DEFAULTS[n] for n in names}


def generate(rng: Random, split: Split) -> Sample:
    """A request for an object and the object."""
    roll = rng.random()
    if roll < 0.35:
        request, held = draw(lambda: sentence(rng, split), split, key=lambda s: f"for:{s[0]}")
    elif roll < 0.6:
        request, held = without_values(rng, split)
    else:
        names = fields(rng, split)
        held = {n: value(rng, n, split) for n in names}
        style = rng.randrange(4)
        if style == 0:
            request = join_names([f"{n} {format_value(v)}" for n, v in held.items()])
        elif style == 1:
            request = ", ".join(f"{n} = {format_value(v)}" for n, v in held.items())
        elif style == 2:
            request = ", ".join(f"{n}: {format_value(v)}" for n, v in held.items())
        else:
            request = join_names(
                [
                    f'{n} set to "{v}"' if isinstance(v, str) else f"{n} set to {format_value(v)}"
                    for n, v in held.items()
                ]
            )
    asked = rng.choice(ASK).format(f=request) + rng.choice((".", ".", ""))
    return chat(vary(rng, asked, keep_case=True), json.dumps(held, ensure_ascii=False))
