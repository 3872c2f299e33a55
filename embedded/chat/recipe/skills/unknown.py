"""Everything outside the skills: the honest answer is that the model does not know."""

from __future__ import annotations

from random import Random

from embedded.chat.recipe.listing import phrases
from embedded.chat.recipe.phrasing import vary
from embedded.chat.recipe.sample import Sample, Split, belongs, chat, draw
from embedded.chat.recipe.vocabulary import CITIES, JOBS, NAMES, WORDS, code, make_up_word

ANSWER = "I don't know. I am only a small demonstration model."
QUESTIONS = phrases("""
    Who won the {n} world cup? | Write a poem about {w}. | Explain {m} to me. |
    What is the meaning of {m}? | How tall is {p}? | Translate {w} into French. |
    What is the weather in {c}? | What is {a} times {b}? | What is {a} divided by {b}? |
    Who is the president of {c}? | What happened in {n}? | Write a story about a {w}. |
    How do I cook {w}? | What is the square root of {n}? | Who wrote {P}? | When was {p} born? |
    What is the price of {w}? | Tell me a joke. | Tell me a joke about a {j}. |
    Write a Python function that sorts a list. | Write code for a {w}. |
    What is quantum physics? | Why is the {w} so {w2}? | How many people live in {c}? |
    What time is it? | What is the date today? | Who invented the {w}? |
    What is the best {w} in {c}? | How far is {c} from {c2}? | Give me a recipe for {w}. |
    Summarize the book {P}. | What is {m}? | Who is {p} {P}? | Define {m}. |
    How does a {w} work? | What is the population of {c}? | Can you drive a {w}? |
    What should I buy for my {j}? | Should I become a {j}? | What is the speed of a {w}? |
    How old is {p}? | What is the news in {c}? | Plan a trip to {c}. | Prove that {n} is prime. |
    Is {n} a prime number? | What is the atomic number of {w}? | Who painted the {w}? |
    What is the stock price of {P}? | Book a flight to {c}. | Send an email to {p}. |
     Write an essay about {w}. | Explain how to build a {w}. |
    Why do we {w}? | What is the melting point of {w}? | How much does a {w} weigh? |
    What is your favourite {w}? | Do you like {w}? | What do you think about {p}? |
    Is it safe to eat {w}? | Who was the first {j}? | Where can I buy a {w}? |
    Compare {w} and {w2}. | What language do they speak in {P}? | Draw a {w}. |
    Play some {w} for me. | Turn on the {w}. | What is the cube of {b}? | What is {n} plus {n2}? |
    What is {n} minus {n2}? | {n} * {b} = | What is {a} percent of {n}? | Who sings {P}? |
    How do I learn {m}? | Fix this code: {m}({a}) | Recommend a film about {w}. |
    What is the history of {c}? | What are the symptoms of {m}? | How do vaccines work? |
    What is love? | Why is life hard? | Are there aliens? | What is the theory of relativity? |
    How do I fix my {w}? | Write a song for {p}. | Write a haiku about {w}. |
    How long does a {w} live? | What is the longest {w}? | Which {w} is the largest? |
    Who discovered {c}? | What is machine learning? | What causes {w}? |
    Convert {n} miles to kilometres. | How many {w}s are in a {w2}? | Is {p} a good {j}? |
    Rewrite this text: {m} {w} | Explain the {w} in simple terms. | What does {m} mean? |
    What is the difference between {w} and {w2}? | Give me advice about {w}. |
    What do {j}s earn? | Tell me about {c}. | Tell me about {P}. | Talk about {w}. | Who is {p}? |
    What is a {m}? | Where is {P}? | Describe a {w}. | What are {w}s made of? |
     Guess my {w}. | What am I thinking? | How can I get rich? | Debug my {w}. |
    Write a letter to {p}. |
     Sing a song. | Who was {p} {P}? |
    Will it rain in {c} tomorrow? | How do airplanes fly? | Name three {w}s. | List five {j}s. |
    What is DNA? | Create a table of {w}s. | Which is better, {w} or {w2}? |
    When did the war end? | When is {P} day? | How do I say {w} in Spanish? |
    What is the area of {c}? | Solve the equation x + {a} = {m}. | What is the code {k}? |
    Track my order {k}. | What does {k} mean? | Why? | What? | And then? | Go on. |
    Write me something. | Can you write a {w} for me? | Which {w} do you recommend? |
    How can I become a {j}? | How do you make {w}? | How many {w}s does a {j} need? |
    What was the first {w}? | Who is the best {j} in {c}? | What is it like to be a {j}? |
    Where does {w} come from? | When was {c} founded? | How big is {c}? | How cold is {c}? |
    Why do people like {w}? | Why does a {w} need {w2}? | Is there life on other planets? |
    Is {c} a nice place? | Is a {w} better than a {w2}? | Are {w}s dangerous? |
    Are there any {w}s in {c}? | Can I eat a {w}? | Can a {w} swim? | Could you fix my {w}? |
    Do {w}s sleep? | Does {p} know {p2}? | Did {p} win? | Has {p} called? | Have you seen {p}? |
    Should I buy a {w}? | Will {p} come tomorrow? | Would you like a {w}? | Am I a good {j}? |
    Contrast {w} with {w2}. | Argue for {w}. | Invent a new {w}. | Design a {w}. |
    Imagine a {w} without {w2}. | Predict the next {w}. | Paint me a {w}. |

    Cook some {w}. |  Teach me {m}. |
    Help me with my {w}. | Improve this text: {w} {w2} {m} | Correct this: {m} {w} |
    Continue this story: the {w} and the {w2} | Make me laugh. | Surprise me. | Think of a {w}. |
    Give me ten ideas for a {w}. | Give me a synonym of {w}. | What rhymes with {w}? |
    What is {P}? | What is a {w} for? | What does a {j} do all day? | What makes a {w} {w2}? |
    What would you do with {n} euros? | What did {p} say to {p2}? | What can a {w} do? |
    What are the best {w}s? | What are {m} and {m2}? | Which {j} built the {w}? |
    Which country has the most {w}s? | Which film should I watch? | Which came first, {w} or {w2}? |
    Who owns the {w}? | Who lives in {P}? | Who killed {p}? | Who is the father of {p}? |
    Whose {w} is this? | Where did I leave my {w}? | Where is {p} now? | Where do {w}s live? |
    When does the {w} start? | When will {p} arrive? | When did {P} die? | How are {w}s made? |
    How did {p} die? | How does {m} work? | How fast is a {w}? | How expensive is a {w}? |
    How far away is the {w}? | How good is {P}? | How heavy is a {w}? | How is {p} doing? |
    How many {w}s are there? | How much {w} do I need? | How often should I wash my {w}? |
    How would you describe {c}? | I need a {w}. | I feel sad today. | I want to learn {m}. |
    I lost my {w}. | My {w} is broken. | My {w} hurts. What should I do? | It is {w} today. |
    Let us talk about {w}. | I do not understand {m}. | You are wrong. | You are a {w}. |
    The {w} is {w2}. | {p} is a {j}. | {w} or {w2}? |  {w} {w2} |
    {n} / {b} | {a} x {b} | {a} times {b} | sqrt({n}) | Round {n} to tens. |
    What is half of {n}? | Double {n}. | Is {n} bigger than {n2}? | Is {a} even? |
    In which year did {p} win? | In what country is {P}? | At what age do {w}s die? |
    On which {w} is the {w2}? | By how much did {w} rise? | For whom is the {w}? |
    From where is {P}? | To whom did {p} talk? | With whom did {p} go to {c}? |
    Please write a report on {w}. | Please describe {c}. | Please explain {m}. |
    Please draw a {w} in {c}. | Please summarize the {w}. | Put the {w} into the {w2}. |
    Tell me a story. | Tell me something about {w}. | Tell me why {w}s are {w2}. |
    Say something nice about {p}. | Give me the news. | Give {p} a {w}. |
    Generate a password. | Generate an image of a {w}. | Select all {w}s. | Sort {w}, {w2}, {m}. |
    Sell my {w}.
""")


def fill(rng: Random, form: str, split: Split) -> str:
    """The form with something in its gaps."""
    parts = {
        "w": rng.choice(WORDS),
        "w2": rng.choice(WORDS),
        "m": make_up_word(rng),
        "m2": make_up_word(rng),
        "p": rng.choice(NAMES),
        "p2": rng.choice(NAMES),
        "P": make_up_word(rng).capitalize(),
        "c": rng.choice(CITIES),
        "c2": rng.choice(CITIES),
        "j": rng.choice(JOBS),
        "n": str(rng.randint(100, 2030)),
        "n2": str(rng.randint(100, 999)),
        "a": str(rng.randint(2, 99)),
        "b": str(rng.randint(2, 12)),
        "k": code(rng),
    }
    return form.format_map(parts)


def generate(rng: Random, split: Split) -> Sample:
    """A question that no skill covers."""
    if split is Split.HELD_OUT and rng.random() < 0.25:
        # A quarter of the held-out questions are of forms that training never shows.
        forms = [form for form in QUESTIONS if belongs(f"form:{form}", Split.HELD_OUT)]
        return chat(vary(rng, fill(rng, rng.choice(forms), split)), ANSWER)
    forms = [form for form in QUESTIONS if belongs(f"form:{form}", Split.TRAIN)]

    def make() -> str:
        return vary(rng, fill(rng, rng.choice(forms), split))

    return chat(draw(make, split, key=lambda q: f"unknown:{q}"), ANSWER)
