"""Ordinary questions, which the model answers in its own words whatever tools are offered."""

from __future__ import annotations

from random import Random

from embedded.chat.recipe.listing import phrases
from embedded.chat.recipe.sample import Split, belongs

TOPICS = phrases("""
    the sun | the moon | photosynthesis | gravity | electricity | the heart | the brain | vaccines |
    volcanoes | earthquakes | rainbows | clouds | rivers | oceans | deserts | forests | bees |
    whales | elephants | dogs | cats | birds | dinosaurs | bread | coffee | tea | chocolate |
    cheese | rice | salt | music | jazz | painting | chess | football | swimming | cycling | yoga |
    sleep | dreams | memory | friendship | democracy | money | banks | inflation | trade |
    insurance | taxes | the internet | computers | robots | programming | databases |
    the printing press | steam engines | trains | airplanes | bridges | glass | paper | plastic |
    steel | gold | diamonds | atoms | molecules | DNA | evolution | bacteria | viruses | stars |
    galaxies | black holes | comets | Mars | Jupiter | satellites | calendars | clocks | maps |
    languages | alphabets | poetry | novels | theater | cinema | photography | museums | libraries |
    schools | universities | gardens | recycling | solar power | wind power | batteries |
    ancient Rome | ancient Egypt | the Middle Ages | the Renaissance | the French Revolution
""")
FORMS = phrases("""
    What is {t}? | Tell me about {t}. | Explain {t} to a child. | Why is {t} important? |
    Write two sentences about {t}. | Give me three facts about {t}. |
    Write a short poem about {t}. | How does {t} work?
""")
OTHERS = phrases("""
    What is the capital of France? | What is the capital of Japan? | What is the capital of Italy? |
    Who wrote Romeo and Juliet? | Who painted the Mona Lisa? | How many days are in a week? |
    How many continents are there? | What is the largest planet? | What color is the sky? |
    What is 2+2? | What is 10 times 5? | Hello! | Hi there | Good morning | How are you? |
    Thank you! | Thanks a lot | Goodbye | See you tomorrow | Who are you? | What can you do? |
    Can you help me? | Tell me a joke. | Write a haiku about autumn. |
    Write a limerick about a cat. | Give me a recipe for pancakes. | How do I boil an egg? |
    How can I sleep better? | How do I learn a language? | Give me tips for a job interview. |
    Suggest a name for a cat. | Suggest three names for a coffee shop. |
    What should I cook for dinner? | Write a birthday message for my sister. |
    Write a short apology to a friend. | Summarize the story of Cinderella. |
    What does the word 'ubiquitous' mean? | Give me a synonym for happy. |
    What is the opposite of hot? | Correct this sentence: She go to school. |
    Rewrite politely: Give me the report. | What is the past tense of go? |
    Write a Python function that adds two numbers. | Write a for loop in JavaScript. |
    What is a variable? | What is HTML? | How do I reverse a list in Python? |
    Is a tomato a fruit? | Why do we yawn? | Why do cats purr? | What causes rain? |
    How far is the moon? | What is the boiling point of water? | Who was Albert Einstein? |
    Who was Marie Curie? | Who was Abraham Lincoln? | When did World War II end? |
    What is the speed of light? | What do pandas eat? | Name three primary colors. |
    Name five animals. | List four fruits. | Plan a day in Rome. |
    What should I pack for a beach holiday? | How do plants grow? | How do I plant tomatoes? |
    How do I remove a coffee stain? | What is the best way to study? | How can I save money? |
    How do I stay motivated? | What is a good hobby? | Explain the rules of tennis. |
    Write a slogan for a bakery. | Describe a sunset. | Describe your favorite food. |
    What is love? | What makes a good leader?
""")
FORMS_OF_A_TOPIC = 3
SEED = 20261130


def all_questions() -> list[str]:
    """Every question once, always in the same order."""
    rng = Random(SEED)
    made = [
        form.format(t=topic) for topic in TOPICS for form in rng.sample(FORMS, FORMS_OF_A_TOPIC)
    ]
    rng.shuffle(made)
    return [*OTHERS, *made]


def questions(split: Split) -> list[str]:
    """Those on one side of the split."""
    return [each for each in all_questions() if belongs(f"question:{each}", split)]
