"""The closed list of general facts that the model is trained to know."""

from __future__ import annotations

from embedded.chat.recipe.listing import pairs, words

CAPITALS = pairs("""
    France=Paris; Germany=Berlin; Italy=Rome; Spain=Madrid; Portugal=Lisbon; Austria=Vienna;
    Switzerland=Bern; Belgium=Brussels; the Netherlands=Amsterdam; Denmark=Copenhagen;
    Sweden=Stockholm; Norway=Oslo; Finland=Helsinki; Iceland=Reykjavik; Ireland=Dublin;
    England=London; the United Kingdom=London; Scotland=Edinburgh; Poland=Warsaw;
    Hungary=Budapest; Greece=Athens; Romania=Bucharest; Bulgaria=Sofia; Croatia=Zagreb;
    Serbia=Belgrade; Ukraine=Kyiv; Russia=Moscow; Turkey=Ankara; Egypt=Cairo; Morocco=Rabat;
    Tunisia=Tunis; Algeria=Algiers; Kenya=Nairobi; Ghana=Accra; Nigeria=Abuja; Senegal=Dakar;
    Ethiopia=Addis Ababa; India=New Delhi; China=Beijing; Japan=Tokyo; South Korea=Seoul;
    Vietnam=Hanoi; Thailand=Bangkok; Indonesia=Jakarta; Iran=Tehran; Iraq=Baghdad; Canada=Ottawa;
    the United States=Washington; Mexico=Mexico City; Cuba=Havana; Brazil=Brasilia;
    Argentina=Buenos Aires; Chile=Santiago; Peru=Lima; Colombia=Bogota; Ecuador=Quito;
    Australia=Canberra; New Zealand=Wellington
""")
COLOURS = pairs("""
    the sky=blue; grass=green; snow=white; blood=red; coal=black; a banana=yellow; a lemon=yellow;
    a cherry=red; a tomato=red; a carrot=orange; an orange=orange; milk=white; the sun=yellow;
    a leaf=green; chocolate=brown; a cucumber=green; a strawberry=red; a flamingo=pink;
    a raven=black; gold=yellow; an elephant=grey; a frog=green; the sea=blue; a plum=purple;
    a polar bear=white
""")
OPPOSITES = pairs("""
    hot=cold; big=small; tall=short; fast=slow; old=young; happy=sad; light=dark; good=bad;
    up=down; left=right; open=closed; rich=poor; hard=soft; wet=dry; full=empty; early=late;
    strong=weak; high=low; long=short; heavy=light; clean=dirty; near=far; day=night; loud=quiet;
    yes=no; first=last; thick=thin; black=white; true=false; inside=outside; win=lose; buy=sell;
    push=pull; start=stop; love=hate
""")
SOUNDS = pairs("""
    dog=woof; cat=meow; cow=moo; sheep=baa; duck=quack; pig=oink; horse=neigh; lion=roar;
    bee=buzz; snake=hiss; frog=croak; owl=hoot; mouse=squeak; rooster=cock-a-doodle-doo;
    donkey=hee-haw; wolf=howl
""")
LEGS = pairs("""
    dog=4; cat=4; cow=4; horse=4; sheep=4; bird=2; duck=2; chicken=2; human=2; spider=8; ant=6;
    bee=6; fly=6; snake=0; fish=0; frog=4; lion=4; octopus=0; tiger=4; elephant=4
""")
PLURALS = pairs("""
    cat=cats; dog=dogs; house=houses; child=children; mouse=mice; man=men; woman=women; foot=feet;
    tooth=teeth; goose=geese; sheep=sheep; fish=fish; box=boxes; city=cities; baby=babies;
    leaf=leaves; knife=knives; person=people; apple=apples; tree=trees; book=books; bus=buses;
    wolf=wolves; ox=oxen
""")
YOUNG = pairs("""
    dog=puppy; cat=kitten; cow=calf; horse=foal; sheep=lamb; pig=piglet; duck=duckling; lion=cub;
    goat=kid
""")
PAST = pairs("""
    go=went; see=saw; eat=ate; run=ran; take=took; write=wrote; give=gave; come=came; buy=bought;
    think=thought; sing=sang; drink=drank; sleep=slept; walk=walked; play=played; make=made
""")
DAYS = words("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
MONTHS = words("""
    January February March April May June July August September October November December
""")
LETTERS = tuple("abcdefghijklmnopqrstuvwxyz")
SINGLES = pairs("""
    How many days are in a week?=There are 7 days in a week.;
    How many months are in a year?=There are 12 months in a year.;
    How many hours are in a day?=There are 24 hours in a day.;
    How many minutes are in an hour?=There are 60 minutes in an hour.;
    How many seconds are in a minute?=There are 60 seconds in a minute.;
    How many days are in a year?=There are 365 days in a year.;
    How many letters are in the alphabet?=There are 26 letters in the alphabet.;
    How many sides does a triangle have?=A triangle has 3 sides.;
    How many sides does a square have?=A square has 4 sides.;
    How many legs does a table have?=A table has 4 legs.;
    How many seasons are there?=There are 4 seasons.;
    How many continents are there?=There are 7 continents.;
    How many fingers are on a hand?=There are 5 fingers on a hand.;
    What is the largest planet?=The largest planet is Jupiter.;
    What is the largest ocean?=The largest ocean is the Pacific Ocean.;
    What is the longest river?=The longest river is the Nile.;
    What is the highest mountain?=The highest mountain is Mount Everest.;
    What is the fastest land animal?=The fastest land animal is the cheetah.;
    What is the largest animal?=The largest animal is the blue whale.;
    What do bees make?=Bees make honey.; What do cows give?=Cows give milk.;
    What is ice made of?=Ice is made of water.; What planet do we live on?=We live on Earth.;
    Which star is closest to the Earth?=The closest star to the Earth is the sun.;
    What are the four seasons?=The four seasons are spring, summer, autumn and winter.;
    What is the freezing point of water?=Water freezes at 0 degrees celsius.;
    What is the boiling point of water?=Water boils at 100 degrees celsius.
""")
