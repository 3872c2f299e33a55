"""Names, cities and everyday words that the skills draw from, and made-up ones.

Made-up words are what teaches the model to copy from the prompt instead of from memory.
"""

from __future__ import annotations

from random import Random

from embedded.chat.recipe.listing import phrases, words
from embedded.chat.recipe.sample import Split, belongs, draw

NAMES = words("""
    Ada Ben Carla David Emma Felix Grace Hugo Iris Jack Kira Liam Maria Noah Olivia Paul Quinn
    Rosa Sam Tara Uma Victor Wendy Xavier Yara Zoe Alice Bob Clara Daniel Elena Frank Gina Henry
    Ivan Julia Karl Laura Max Nina Oscar Petra Ravi Sofia Tom Ursula Vera Walter Yusuf Anna Boris
    Cora Diego Ella Fatima George Hana Igor Jane Kofi Lena Marco Nadia Omar Priya Rita Stefan Tina
    Viktor Amir Bella Chen Dora Erik Fiona Greta Hassan Ingrid Jonas Kate Leo Mia Nils Otto Pia
    Robert Sara Theo Yuki John Mary James Linda Peter Susan Mark Lucy Simon Ruth Martin Eva Lukas
    Mona Aisha Bruno
""")
# These came when the tokeniser was there already: most of them are several tokens.
MORE_NAMES = words("""
    Abigail Adrian Agnes Albert Alexander Amelia Andrea Andrew Angela Antonio Arthur Astrid Beatrice
    Benjamin Bernard Brigitte Camille Caroline Cecilia Charles Charlotte Christine Christopher
    Claudia Dennis Dominic Dorothy Edith Edward Eleanor Elizabeth Emilia Eric Ernest Esther Evelyn
    Fabian Florence Francis Frederick Gabriel Geoffrey Gerald Gustav Hannah Harold Harriet Heather
    Helena Isabel Jacob Jasmine Jennifer Jessica Joachim Johanna Jonathan Joseph Joshua Katarina
    Kenneth Leonard Lillian Louise Lucas Magda Marcel Margaret Martha Matthew Melissa Michael
    Miguel Monica Nathan Nicholas Nicole Oliver Pablo Patricia Patrick Philip Rachel Raymond
    Rebecca Richard Roland Samuel Sebastian Sophie Stella Stephen Sylvia Theresa Thomas Timothy
    Valerie Vanessa Veronica Vincent Virginia William Winston Yvonne
""")
SURNAMES = words("""
    Smith Jones Brown Miller Keller Wagner Fischer Becker Meyer Rossi Garcia Lopez Silva Novak
    Kowalski Jensen Larsen Berg Lindgren Virtanen Tanaka Suzuki Kim Park Nguyen Singh Patel Khan
    Okafor Mensah Taylor Walker Wright Green Hall Turner Cooper Hughes Morgan Bell Fraser Murray
""")
CITIES = phrases("""
    Lima | Oslo | Paris | Rome | Berlin | Madrid | Cairo | Delhi | Tokyo | Quito | Boston |
    Chicago | Dallas | Denver | Seattle | Miami | Atlanta | Houston | London | Leeds | Bristol |
    Dublin | Glasgow | Lyon | Nice | Turin | Milan | Naples | Porto | Lisbon | Vienna | Graz |
    Zurich | Geneva | Basel | Prague | Brno | Warsaw | Krakow | Athens | Sofia | Riga | Tallinn |
    Helsinki | Stockholm | Bergen | Malmo | Hamburg | Munich | Cologne | Dresden | Antwerp |
    Ghent | Utrecht | Nairobi | Lagos | Accra | Tunis | Algiers | Dakar | Mumbai | Pune | Osaka |
    Kyoto | Seoul | Busan | Hanoi | Manila | Jakarta | Bangkok | Sydney | Perth | Auckland |
    Toronto | Montreal | Calgary | Havana | Bogota | Caracas | Santiago | Cordoba | Brasilia |
    New York | San Francisco | Los Angeles | San Diego | Las Vegas | New Orleans | Cape Town |
    Hong Kong | Kuala Lumpur | Rio de Janeiro | Buenos Aires | Mexico City | Salt Lake City |
    Abu Dhabi | Tel Aviv | San Jose | Saint Louis | New Delhi | Addis Ababa | Port Louis
""")
WORDS = words("""
    apple bread water house table chair window door garden river mountain forest ocean beach road
    bridge train car bus plane ship bicycle book paper pencil letter picture music song dance game
    ball dog cat horse cow bird fish mouse rabbit sheep goat lion tiger bear wolf fox snake frog
    bee sun moon star sky cloud rain snow wind fire stone sand gold silver iron glass wood cotton
    silk cup plate spoon knife fork bowl bottle box bag key lock lamp clock phone radio camera
    computer screen mouse shirt shoe hat coat sock glove ring hand foot head eye ear nose mouth
    heart bone milk cheese butter egg rice pasta soup salad cake sugar salt honey tea coffee juice
    lemon orange banana grape peach cherry melon potato tomato onion carrot pepper school teacher
    student doctor nurse farmer baker king queen prince castle city village market shop bank hotel
    museum park happy sad quick slow big small tall short old new warm cold bright dark soft hard
    heavy light clean dirty brave calm kind green blue red yellow white black brown pink purple
    grey hello world summer winter spring autumn morning evening night today friend family mother
    father sister brother baby money time year week day hour minute number word story question
    answer idea dream
""")
COLOURS = words("red blue green yellow black white brown pink purple orange grey teal")
JOBS = words("""
    baker teacher doctor nurse farmer pilot painter writer cook driver lawyer singer plumber
    carpenter gardener librarian dentist tailor chemist clerk builder waiter judge florist potter
    miner sailor banker
""")
FOODS = words("""
    pizza pasta soup rice bread cheese apples grapes salad sushi tacos curry noodles pancakes
    chocolate honey beans olives cherries mangoes waffles figs plums dumplings
""")
PETS = words("""
    dog cat rabbit hamster parrot goldfish turtle pony snake lizard duck goat
""")
HOBBIES = words("""
    chess painting swimming cooking dancing reading hiking fishing sailing running singing
    knitting cycling skiing gardening climbing pottery archery
""")
ONSETS = words("""
    b c d f g h j k l m n p r s t v w z bl br ch cl dr fl gr kr pl pr sh sk sl st th tr
""")
VOWELS = words("a e i o u a e i o u ai ea ee oo ou")
CODAS = (
    "",
    "",
    "",
    *[
        "b",
        "d",
        "g",
        "k",
        "l",
        "m",
        "n",
        "p",
        "r",
        "s",
        "t",
        "x",
        "ck",
        "ll",
        "nd",
        "nt",
        "rn",
        "sh",
        "st",
        "th",
        "zz",
    ],
)


def make_up_word(rng: Random, syllables: int = 0) -> str:
    """A lower-case word that means nothing."""
    count = syllables or rng.choice((1, 2, 2, 2))
    if rng.random() < 0.1:
        # Joined pieces of real words: they carry the tokeniser's longer pieces into new places.
        first, second = rng.choice(WORDS), rng.choice(WORDS)
        return first[: rng.randint(2, 4)] + second[-rng.randint(2, 4) :]
    parts = [rng.choice(ONSETS) + rng.choice(VOWELS) + rng.choice(CODAS) for _ in range(count)]
    return "".join(parts)[:12]


def name(rng: Random, split: Split) -> str:
    """A person's name: from the lists, or made up and on the side of the split."""
    roll = rng.random()
    if roll < 0.9:
        return rng.choice(NAMES if roll < 0.55 else MORE_NAMES)
    return draw(lambda: make_up_word(rng).capitalize(), split, key=lambda n: f"name:{n}")


def city(rng: Random, split: Split) -> str:
    """A city: from the list, or made up, sometimes of two words, and on the side of the split."""
    if rng.random() < 0.88:
        return rng.choice(CITIES)

    def make() -> str:
        if rng.random() < 0.25:
            lead = rng.choice(("New", "San", "Port", "East", "North", "Saint", "Los"))
            return f"{lead} {make_up_word(rng).capitalize()}"
        return make_up_word(rng).capitalize()

    return draw(make, split, key=lambda c: f"city:{c}")


def word(rng: Random, split: Split, invented: float = 0.3) -> str:
    """An everyday or a made-up word on the side of the split."""

    def make() -> str:
        return make_up_word(rng) if rng.random() < invented else rng.choice(WORDS)

    return draw(make, split, key=lambda w: f"word:{w}")


def pick(rng: Random, items: tuple[str, ...], kind: str, split: Split) -> str:
    """One of the listed items on the side of the split; any of them if none is."""
    fitting = [item for item in items if belongs(f"{kind}:{item}", split)]
    return rng.choice(fitting or items)


def code(rng: Random) -> str:
    """A short mixture of letters and digits, as in an order number."""
    letters = "".join(rng.choice("ABCDEFGHJKLMNPRSTVWXYZ") for _ in range(rng.randint(1, 3)))
    digits = "".join(rng.choice("0123456789") for _ in range(rng.randint(2, 4)))
    return rng.choice((letters + digits, f"{letters}-{digits}", digits, letters.lower() + digits))
