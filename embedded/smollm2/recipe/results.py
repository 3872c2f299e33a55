"""What tools return, in the forms in which clients send it, and the sentence that reports it."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any

from embedded.chat.recipe.listing import words
from embedded.chat.recipe.sample import Split
from embedded.chat.recipe.skills.tool_kinds import some_code, some_word, some_words
from embedded.chat.recipe.skills.tool_turns import RESULT_FIELDS, SKIES
from embedded.chat.recipe.vocabulary import NAMES, WORDS, city, name
from embedded.smollm2.recipe.offers import show

Result = tuple[Any, str]
"""A value and the sentence that reports it."""
ERRORS = (
    "not found",
    "permission denied",
    "timeout",
    "invalid argument",
    "service unavailable",
    "rate limit exceeded",
    "no such file or directory",
    "connection refused",
)
DONE = (
    "ok",
    "OK",
    "done",
    "Done.",
    "success",
    True,
    {"ok": True},
    {"status": "ok"},
    {"success": True},
    {"status": "success"},
    None,
    "",
    {},
    {"result": "success"},
)
ACTIONS = frozenset(
    words("""
    send_email set_alarm set_timer play_music order_food set_light set_temperature add_note
    write_file delete_file create_event create_task create_user ship_order transfer_money
    set_volume turn_on add_to_cart
""")
)
MANY = words("""
    users files orders pages items results tasks messages events tickets issues products rooms
""")


def weather(rng: Random, split: Split, given: dict[str, Any]) -> Result:
    """Degrees and sky of the place that the request named."""
    degrees, sky = rng.randint(-9, 39), rng.choice(SKIES)
    place = next((value for value in given.values() if value not in ("celsius", "fahrenheit")), "")
    unit = rng.choice(("celsius", "fahrenheit", "C", "F", ""))
    shown = f"{degrees} degrees" + (f" {unit.capitalize()}" if len(unit) > 1 else "")
    said = f"It is {shown} and {sky} in {place}."
    key = rng.choice(("temperature", "temp", "degrees", "temperature_c"))
    value: dict[str, Any] = {key: degrees, rng.choice(("condition", "conditions", "sky")): sky}
    if key == "temperature_c":
        return value, f"It is {degrees} degrees and {sky} in {place}."
    if len(unit) > 1:
        value["unit"] = unit
    elif unit:
        value["unit"], said = unit, f"It is {degrees} °{unit} and {sky} in {place}."
    if rng.random() < 0.3:
        value = {rng.choice(("location", "city")): place, **value}
    if rng.random() < 0.25:
        return f"{shown}, {sky}", said.replace(f" °{unit}", " degrees") if unit else said
    if rng.random() < 0.15:
        return {"current": value}, said
    return value, said


def clock(rng: Random, split: Split, given: dict[str, Any]) -> Result:
    """A time of day."""
    time = f"{rng.randint(0, 23):02}:{rng.randint(0, 59):02}"
    return rng.choice((time, {"time": time})), f"It is {time} in {show(*given.values())}."


def total(rng: Random, split: Split, given: dict[str, Any]) -> Result:
    """A number."""
    number = rng.choice((rng.randint(2, 2000), rng.randint(2, 99999) / 100))
    return rng.choice((number, {"result": number}, str(number))), f"The result is {number}."


def price(rng: Random, split: Split, given: dict[str, Any]) -> Result:
    """The price of what the request named."""
    number = rng.randint(100, 99999) / 100
    symbol = show(*given.values())
    value = rng.choice(({"price": number}, {"symbol": symbol, "price": number}, number))
    return value, f"The price of {symbol} is {number}."


def conversion(rng: Random, split: Split, given: dict[str, Any]) -> Result:
    """An amount in another currency."""
    number = rng.randint(100, 99999) / 100
    amount, source, target = given.values()
    value = rng.choice(({"result": number}, {"amount": number, "currency": target}, number))
    return value, f"{amount} {source} is {number} {target}."


def status(rng: Random, split: Split, given: dict[str, Any]) -> Result:
    """How far an order is."""
    state = rng.choice(words("shipped delivered delayed cancelled packed returned pending"))
    order = show(*given.values())
    value = rng.choice(({"status": state}, {"order_id": order, "status": state}, state))
    return value, f"The order {order} is {state}."


def translation(rng: Random, split: Split, given: dict[str, Any]) -> Result:
    """Words that stand for the translated ones."""
    text, _ = given.values()
    made = some_words(rng, split)
    return rng.choice((made, {"translation": made})), f'"{text}" is "{made}".'


def date(rng: Random, split: Split, given: dict[str, Any]) -> Result:
    """A day of the year."""
    day = f"2026-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
    return rng.choice((day, {"date": day}, {"today": day})), f"Today is {day}."


def text(rng: Random, split: Split, given: dict[str, Any]) -> Result:
    """Some words, as a file or a command has them."""
    made = f"{some_words(rng, split)} {some_word(rng, split)}"
    return made, f"It says: {made}"


def files(rng: Random, split: Split, given: dict[str, Any]) -> Result:
    """Names of files."""
    made = [
        f"{some_word(rng, split)}.{rng.choice(words('py md txt js'))}"
        for _ in range(rng.randint(1, 4))
    ]
    made = list(dict.fromkeys(made))
    value = rng.choice((made, "\n".join(made), {"files": made}))
    return value, f"There {'is' if len(made) == 1 else 'are'} {show(made)}."


SPECIAL: dict[str, Callable[[Random, Split, dict[str, Any]], Result]] = {
    "get_weather": weather,
    "get_time": clock,
    "add": total,
    "multiply": total,
    "calculator": total,
    "get_stock_price": price,
    "convert": conversion,
    "get_order": status,
    "translate": translation,
    "get_date": date,
    "read_file": text,
    "run_command": text,
    "list_files": files,
}


def describe(value: dict[str, Any]) -> str:
    """A flat object as a sentence."""
    parts = [f"the {key.replace('_', ' ')} is {speak(each)}" for key, each in value.items()]
    joined = show(parts)
    return joined[0].upper() + joined[1:] + "."


def speak(value: Any) -> str:
    """A value inside a sentence."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "not known"
    return show(value)


def flat(rng: Random, split: Split, most: int) -> dict[str, Any]:
    """An object with some fields."""
    keys = rng.sample((*RESULT_FIELDS, *rng.sample(WORDS, 2)), rng.randint(1, most))
    held: dict[str, Any] = {}
    for key in keys:
        roll = rng.random()
        if key in ("temperature", "total", "count", "wind", "id") or roll < 0.15:
            held[key] = rng.randint(0, 999)
        elif key == "price":
            held[key] = rng.randint(100, 9999) / 100
        elif key == "sent" or roll < 0.2:
            held[key] = rng.random() < 0.5
        elif roll < 0.25:
            held[key] = [some_word(rng, split) for _ in range(rng.randint(2, 3))]
        elif roll < 0.28:
            held[key] = None
        elif key in ("city", "location"):
            held[key] = city(rng, split)
        else:
            held[key] = rng.choice((some_word, some_word, some_code, name))(rng, split)
    return held


def anything(rng: Random, split: Split) -> Result:
    """What a tool of no special kind returns."""
    roll = rng.random()
    if roll < 0.45:
        held = flat(rng, split, 3)
        return held, describe(held)
    if roll < 0.55:
        held = flat(rng, split, 2)
        return {rng.choice(("data", "result", "response")): held}, describe(held)
    if roll < 0.65:
        number, what = rng.randint(2, 99), rng.choice(MANY)
        return rng.choice(
            ({what: number}, {"count": number, "type": what}, f"{number} {what}")
        ), f"There are {number} {what}."
    if roll < 0.78:
        people = list(
            dict.fromkeys(
                rng.choice(NAMES) if rng.random() < 0.5 else some_word(rng, split)
                for _ in range(rng.randint(2, 3))
            )
        )
        value = rng.choice((people, [{"name": each} for each in people], {"results": people}))
        return value, f"The results are {show(people)}."
    made = rng.choice(
        (
            some_word(rng, split),
            some_words(rng, split),
            str(rng.randint(0, 9999)),
            rng.randint(0, 9999),
            some_code(rng, split),
            city(rng, split),
        )
    )
    return made, f"The result is: {made}"


def result(rng: Random, split: Split, head: str, given: dict[str, Any]) -> tuple[str, str]:
    """What a tool of a kind returns, as clients send it, and the sentence that reports it."""
    roll = rng.random()
    if roll < 0.08:
        error = rng.choice(ERRORS)
        value = rng.choice(({"error": error}, f"Error: {error}", {"error": {"message": error}}))
        return send(rng, value), f"That did not work: {error}."
    if head in ACTIONS and roll < 0.8:
        return send(rng, rng.choice(DONE)), "Done."
    try:
        value, said = SPECIAL[head](rng, split, given) if head in SPECIAL else anything(rng, split)
    except (TypeError, ValueError):  # a request that leaves out what the sentence has
        value, said = anything(rng, split)
    return send(rng, value), said


def send(rng: Random, value: Any) -> str:
    """A value as clients of one language or the other send it."""
    if isinstance(value, str):
        return value if rng.random() < 0.85 else json.dumps(value, ensure_ascii=False)
    form = rng.randrange(6)
    if form < 3:  # JavaScript
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if form == 3 and isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, indent=2)
    if form == 4 and isinstance(value, dict | list):  # Python's str()
        return str(value)
    return json.dumps(value, ensure_ascii=False)
