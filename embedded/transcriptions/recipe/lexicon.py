"""The words that the embedded transcription model learns, by what they are in a sentence.

Knows nothing of sound; forms of a word follow by rule, irregular ones are written down.
"""

from collections.abc import Iterable


def words_of(text: str) -> tuple[str, ...]:
    """Return the words of a text, in their order."""
    return tuple(text.split())


NAMES = words_of("""
    Ada Adam Alan Albert Alice Amanda Amy Andrew Angela Anna Anthony Arthur Barbara Ben Betty
    Bob Brian Carol Catherine Charles Chris Claire Daniel David Diana Donald Edward Elena
    Elizabeth Emily Emma Eric Frank Fred George Grace Hannah Harry Helen Henry Ian Isaac Jack
    James Jane Jennifer Jessica John Joseph Julia Karen Kate Kevin Laura Linda Lisa Louis Lucy
    Margaret Maria Mark Martha Martin Michael Nancy Nicholas Nora Oliver Oscar Patricia Paul
    Peter Philip Rachel Rebecca Richard Robert Ruth Samuel Sarah Simon Sophie Stephen Susan
    Thomas Tom Victor Victoria Walter William
""")
PLACES = words_of("""
    Africa America Asia Australia Berlin Boston Brazil Canada Chicago China Denmark Dublin Egypt
    England Europe Finland Florence France Germany Greece India Ireland Italy Japan Lisbon
    London Madrid Mexico Moscow Norway Oxford Paris Poland Portugal Rome Russia Scotland Spain
    Sweden Sydney Texas Tokyo Toronto Turkey Vienna Warsaw
""")
DAYS = words_of("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
MONTHS = words_of("""
    January February March April May June July August September October November December
""")
DIGITS = words_of("zero one two three four five six seven eight nine")
TEENS = words_of("""
    ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen
""")
TENS = words_of("twenty thirty forty fifty sixty seventy eighty ninety")
LARGE = words_of("hundred thousand million")
ORDINALS = words_of("first second third fourth fifth sixth seventh eighth ninth tenth last next")

PEOPLE = words_of("""
    actor aunt baby baker boss boy brother captain child cook cousin daughter doctor driver
    farmer father friend girl grandfather grandmother guest judge king lady lawyer leader man
    manager member mother neighbour nurse officer owner painter parent person player poet
    president prince princess queen sailor scientist singer sister soldier stranger student
    teacher teenager tourist uncle visitor waiter wife winner woman worker writer
""")
ANIMALS = words_of("""
    animal bear bird bull butterfly camel cat chicken cow dog duck elephant fish fox frog
    giraffe goat goose hen kitten lion monkey mouse pig pony puppy rabbit rat sheep snake spider
    tiger turtle wolf
""")
THINGS = words_of("""
    apple arm bag ball banana basket bed bell belt bicycle blanket boat bone book boot bottle
    bowl box branch bread brick bridge brush bucket bus button cake camera candle cap car card
    carpet carrot ceiling chain chair cheese clock cloth cloud coat coffee coin comb computer
    cookie corn cup curtain desk diamond dinner dish door dream dress drum egg engine envelope
    face feather fence finger fire flag floor flower food foot fork fruit garden gate gift glass
    glove gold grape grass guitar gun hammer hand handle hat head heart helmet house ice ink
    iron jacket jar jewel juice key kitchen kite knife ladder lamp leaf leg lemon letter lid
    light lock lunch machine magazine map mask meal medicine message milk mirror money moon
    motor mountain mouth needle nest newspaper note number ocean oil onion orange oven page
    paint paper parcel pencil pepper phone photograph piano picture pillow pipe plant plate
    pocket potato present radio rice river rock roof rope ruler salad sand sandwich scarf school
    screen shell shelf ship shirt shoe shop silver skirt sky snow soap sock song soup spoon
    stamp star statue stone story street string sugar suitcase sweater sword table tea telephone
    television tent ticket tomato tool tooth torch towel toy train tray tree truck umbrella vase
    vegetable violin wagon wall wallet watch wheel whistle window wine wing wire wolf wool
""")
SPOTS = words_of("""
    airport apartment attic bakery bank bathroom bay beach bedroom building camp castle cave
    cellar church cinema city classroom club coast college corner corridor country court desert
    factory farm field forest garage hall harbour hill hospital hotel island jungle laboratory
    lake library market meadow museum office palace park path pond port prison restaurant road
    room square stable stadium station store studio suburb temple theatre tower town tunnel
    university valley village yard zoo
""")
IDEAS = words_of("""
    accident advice afternoon age agreement air amount anger answer area army art attack
    attention beauty beginning birthday blood body breakfast breath business century chance
    change choice class colour comfort company concert contract control copy corner cost cotton
    crowd culture damage danger darkness date death debt decision depth design detail difference
    direction discovery distance doubt dust duty earth economy edge education effect energy
    evening event example exercise experience experiment fact failure family fashion fear
    feeling film force freedom future game goal government group growth habit half health heat
    height history holiday hope hunger idea illness industry interest job journey joke joy kind
    knowledge lake language laughter law length lesson level life line list loss love luck
    market matter memory metal method middle minute mistake moment month morning movement music
    name nation nature news noise north object offer opinion order party past pattern peace
    period plan pleasure poem point police power practice price problem process profit program
    progress project promise purpose quality question race rain reason record religion report
    respect rest result rhythm risk rule salt science season secret sense service shadow shape
    side sign silence size skill sleep smell smile smoke society sound south space speech speed
    spirit sport spring step storm strength stress subject success summer sun surface surprise
    system task taste temperature test thought thunder time title top touch trade traffic trick
    trip trouble truth turn university value victory view voice vote war water weather week west
    wind winter wish word work world year youth
""")
ADJECTIVES = words_of("""
    able active afraid amazing ancient angry available awful bad beautiful big bitter black
    blind blue bold boring brave brief bright broken brown busy calm careful careless cheap
    clean clear clever cold common correct crazy curious dangerous dark dead deep different
    difficult dirty double dry dull eager early easy elegant empty equal excellent expensive
    famous fast fat final fine flat foolish foreign free fresh friendly full funny gentle giant
    glad golden good gray great green happy hard heavy helpful high hollow honest hot huge
    hungry important impossible jealous kind large late lazy light little local lonely long
    loose loud lovely low lucky main modern narrow natural nervous new nice noisy normal old
    open ordinary perfect pink plain pleasant polite poor popular possible pretty private proud
    public pure purple quick quiet rare ready real red rich round rude sad safe serious shallow
    sharp short shy sick silent silly similar simple single slow small smart smooth soft sour
    special strange strong sudden sweet tall terrible thick thin tidy tiny tired total tough
    true ugly unusual useful usual warm wet white whole wide wild wise wonderful wooden wrong
    yellow young
""")
ADVERBS = words_of("""
    again almost alone already also always away carefully certainly clearly early easily exactly
    finally forever gently happily here however immediately inside maybe never nearly now often
    once outside perhaps probably quickly quietly quite rarely really seldom simply slowly
    sometimes soon still suddenly there today together tomorrow tonight too twice usually very
    well yesterday yet
""")
REGULAR_VERBS = words_of("""
    accept add admire agree allow arrive ask attack avoid bake beg believe belong borrow burn
    call carry change check climb close collect complain contain cook count cover cross cry
    dance decide deliver depend describe destroy discover discuss enjoy enter escape examine
    expect explain fail fill finish fix follow happen hate help hope hurry imagine improve
    include invite join jump kick kill kiss knock laugh learn like listen live look love manage
    marry measure mention mix move need notice offer open order pack paint park phone plan play
    pour prefer prepare press prevent promise protect prove pull push reach receive refuse
    remember remove repair repeat reply return save search seem serve share shout show smile
    start stay stop study succeed suggest supply support suppose talk thank touch travel try
    turn use visit wait walk want wash watch whisper wish wonder work worry
""")
IRREGULAR_VERBS = """
    become became become / begin began begun / bite bit bitten / break broke broken / bring
    brought brought / build built built / buy bought bought / catch caught caught / choose chose
    chosen / come came come / cut cut cut / draw drew drawn / drink drank drunk / drive drove
    driven / eat ate eaten / fall fell fallen / feed fed fed / feel felt felt / fight fought
    fought / find found found / fly flew flown / forget forgot forgotten / get got got / give
    gave given / go went gone / grow grew grown / hear heard heard / hide hid hidden / hit hit
    hit / hold held held / keep kept kept / know knew known / leave left left / lend lent lent /
    let let let / lose lost lost / make made made / mean meant meant / meet met met / pay paid
    paid / put put put / ring rang rung / rise rose risen / run ran run / say said said / see
    saw seen / sell sold sold / send sent sent / shake shook shaken / shine shone shone / sing
    sang sung / sit sat sat / sleep slept slept / speak spoke spoken / spend spent spent / stand
    stood stood / steal stole stolen / swim swam swum / take took taken / teach taught taught /
    tell told told / think thought thought / understand understood understood / wake woke woken
    / write wrote written
"""
"""Base, past and participle."""
FUNCTION = words_of("""
    a about above across after against all along am among an and another any anybody anything
    are around as at be because been before behind being below beside best better between both
    but by can could did do does doing done down during each either else enough even ever every
    everybody everyone everything everywhere far few for from goodbye had has have having he
    hello her him himself his how I if in instead into is it its itself just least less let many
    may me might mine more most much must my myself near neither no nobody none nor not nothing
    of off okay on only or other ought our ourselves out over own please rather same shall she
    should since so some somebody someone something somewhere such than that the their them then
    these they this those though through to towards under until up upon us was we were what when
    where which while who whom whose why will with within without would yes you your yourself
    years costs thanks sorry ago although
""")
EVERYDAY = words_of("""
    hello world everyone test testing model models machine computer computers server network
    text speech voices sounds image images pictures data software internet video email website
    endpoint embedded transcription Homeport English night nights end ends days weeks months
    minutes seconds hours times things ways places parts words letters questions answers
    problems ideas names stories games lessons songs higher lower bigger smaller better faster
    slower older younger longer shorter biggest smallest fastest oldest longest cannot welcome
    congratulations anyway okay
""")
"""What people say to try a machine, and what the other lists leave out."""
IRREGULAR_PLURALS = {
    "child": "children",
    "man": "men",
    "woman": "women",
    "person": "people",
    "wife": "wives",
    "fish": "fish",
    "goose": "geese",
    "mouse": "mice",
    "sheep": "sheep",
    "wolf": "wolves",
    "foot": "feet",
    "knife": "knives",
    "leaf": "leaves",
    "shelf": "shelves",
    "tooth": "teeth",
    "life": "lives",
    "half": "halves",
    "scarf": "scarves",
}
VOWELS = frozenset("aeiou")
DOUBLING = frozenset(
    words_of("""
    beg chop cut forget get hit let plan prefer put run sit stop swim
""")
)


def plural(noun: str) -> str:
    """Return the plural of a noun."""
    if noun in IRREGULAR_PLURALS:
        return IRREGULAR_PLURALS[noun]
    if noun.endswith(("s", "sh", "ch", "x")) or noun in ("potato", "tomato"):
        return noun + "es"
    if noun.endswith("y") and noun[-2] not in VOWELS:
        return noun[:-1] + "ies"
    return noun + "s"


def third(verb: str) -> str:
    """Return what he, she or it does."""
    return verb + "es" if verb in ("go", "do") else plural(verb)


def progressive(verb: str) -> str:
    """Return the form in -ing."""
    if verb in DOUBLING:
        return verb + verb[-1] + "ing"
    if verb.endswith("e") and not verb.endswith(("ee", "oe", "ye")):
        return verb[:-1] + "ing"
    return verb + "ing"


def past(verb: str) -> str:
    """Return the past tense of a regular verb."""
    if verb.endswith("e"):
        return verb + "d"
    if verb.endswith("y") and verb[-2] not in VOWELS:
        return verb[:-1] + "ied"
    return (verb + verb[-1] if verb in DOUBLING else verb) + "ed"


Verb = tuple[str, str, str, str, str]
"""Base, third person, past, participle, form in -ing."""


def _verbs() -> tuple[Verb, ...]:
    regular = [(base, past(base), past(base)) for base in REGULAR_VERBS]
    irregular = [words_of(entry) for entry in IRREGULAR_VERBS.split("/")]
    return tuple(
        (base, third(base), was, done, progressive(base)) for base, was, done in regular + irregular
    )


VERBS = _verbs()
NOUNS = tuple(dict.fromkeys((*PEOPLE, *ANIMALS, *THINGS, *SPOTS)))
HOMOPHONES = frozenset(
    words_of("""
    ate buy by eight for four hear here I know knew may May new no one their there too two would
""")
)
"""Told apart by the words around them only, so they stand in sentences that make sense."""
NUMBERS = (*DIGITS, *TEENS, *TENS, *LARGE)


def _unique(groups: Iterable[Iterable[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for group in groups for word in group))


WORDS = _unique(
    (
        FUNCTION,
        EVERYDAY,
        NUMBERS,
        ORDINALS,
        NAMES,
        PLACES,
        DAYS,
        MONTHS,
        NOUNS,
        map(plural, NOUNS),
        IDEAS,
        ADJECTIVES,
        ADVERBS,
        *zip(*VERBS, strict=True),
    )
)
"""All of them, as they stand in the middle of a sentence."""
