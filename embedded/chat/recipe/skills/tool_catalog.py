"""The listed kinds of tools: each with many names, arguments and phrasings of requests."""

from __future__ import annotations

from embedded.chat.recipe.listing import phrases, words
from embedded.chat.recipe.skills.tool_kinds import (
    Argument,
    Kind,
    one_of,
    some_code,
    some_words,
    whole,
)
from embedded.chat.recipe.vocabulary import COLOURS, FOODS, city, name

PLACE = Argument(("location", "city", "place", "town", "where"), "string", city)
UNIT_VALUES = ("celsius", "fahrenheit")
UNIT = Argument(
    ("unit", "units", "scale", "temperature_unit"),
    "string",
    one_of(UNIT_VALUES),
    UNIT_VALUES,
)
PERSON = Argument(("name", "person", "to", "recipient", "contact", "who"), "string", name)
LANGUAGES = words("""
    French German Spanish Italian Polish Dutch Greek Turkish Japanese Hindi
""")
CURRENCIES = words("USD EUR GBP JPY CHF INR CAD")
KINDS: tuple[Kind, ...] = (
    Kind(
        phrases("""
        get_weather | weather | current_weather | weather_lookup | check_weather | getWeather |
        fetch_weather | get_forecast | weather_now | get_weather_report | get_current_weather
    """),
        phrases("""
             Get the current weather in a given location | Get the weather for a city. |
             Look up the weather. | Returns the current weather | Weather at a place
         """),
        (PLACE, UNIT),
        phrases("""
             What is the weather in {0}? | What's the weather in {0}? |
             How is the weather in {0}? | Weather in {0} | How warm is it in {0}? |
             What is the weather like in {0} today? | Is it cold in {0}? |
             Tell me the weather in {0}. | What's the weather like in {0}? |
             What is the weather in {0} ({1})? | What is the weather in {0} in {1}? |
             Weather in {0}, in {1} please. | Get the weather for {0} in {1}. |
             How warm is it in {0} in degrees {1}? | What's the weather in {0} in {1}? |
             Tell me the temperature in {0} ({1}). | Use {1}. What is the weather in {0}?
         """),
    ),
    Kind(
        ("get_time", "current_time", "time_in", "clock", "getTime", "local_time"),
        phrases("""
             Get the current time in a city | Tells the local time. | Returns the time at a place
         """),
        (PLACE,),
        phrases("""
             What time is it in {0}? | Tell me the time in {0}. | What is the time in {0}? |
             Current time in {0} | How late is it in {0}?
         """),
    ),
    Kind(
        ("send_email", "email", "mail", "sendMail", "write_mail", "send_message", "message"),
        ("Send a message to a person", "Sends an email.", "Send a text to somebody"),
        (PERSON, Argument(("text", "body", "message", "content"), "string", some_words)),
        phrases("""
             Send {0} the message "{1}". | Write to {0}: {1} | Email {0} and say "{1}". |
             Tell {0} "{1}". | Send "{1}" to {0}. | Message {0}: "{1}" |
             Please send an email to {0} with the text "{1}".
         """),
    ),
    Kind(
        ("set_alarm", "alarm", "wake_up", "create_alarm"),
        ("Set an alarm", "Sets an alarm clock for an hour."),
        (Argument(("hour", "time", "at"), "integer", whole(0, 23)),),
        phrases("""
             Set an alarm for {0}. | Wake me up at {0}. | Alarm at {0} please. |
             I have to get up at {0}.
         """),
    ),
    Kind(
        ("set_timer", "timer", "start_timer", "countdown"),
        ("Start a timer", "Starts a timer for some minutes."),
        (Argument(("minutes", "duration", "length"), "integer", whole(1, 90)),),
        phrases("""
             Set a timer for {0} minutes. | Start a timer of {0} minutes. | Timer: {0} minutes |
             Remind me in {0} minutes.
         """),
    ),
    Kind(
        ("play_music", "play", "play_song", "music_player"),
        ("Play a song", "Plays music."),
        (Argument(("song", "title", "track"), "string", some_words),),
        ('Play the song "{0}".', 'Play "{0}".', "I want to hear {0}.", "Put on {0}."),
    ),
    Kind(
        ("translate", "translate_text", "translator"),
        ("Translate a text into a language", "Translates text."),
        (
            Argument(("text", "phrase", "input"), "string", some_words),
            Argument(("language", "target", "target_language"), "string", one_of(LANGUAGES)),
        ),
        phrases("""
             Translate "{0}" into {1}. | Translate "{0}" to {1}. | How do you say "{0}" in {1}? |
             What is "{0}" in {1}?
         """),
    ),
    Kind(
        ("search", "web_search", "search_web", "find", "lookup", "search_docs"),
        ("Search the web", "Search for documents.", "Find pages"),
        (Argument(("query", "q", "term", "keywords"), "string", some_words),),
        phrases("""
             Search for {0}. | Search the web for {0}. | Look up "{0}". | Find pages about {0}. |
             Search "{0}" | Find {0}.
         """),
    ),
    Kind(
        ("order_food", "order", "buy", "order_item"),
        ("Order food", "Orders an item in some quantity."),
        (
            Argument(("item", "dish", "product"), "string", one_of(FOODS)),
            Argument(("quantity", "count", "amount", "number"), "integer", whole(1, 20)),
        ),
        phrases("""
             Order {1} {0}. | I want {1} {0}. | Buy {1} {0}. | Get me {1} {0}, please. |
             Order {0}, quantity {1}.
         """),
    ),
    Kind(
        ("set_light", "set_color", "lamp", "change_light"),
        ("Set the light of a room to a colour", "Changes a lamp."),
        (
            Argument(
                ("room", "place", "zone"),
                "string",
                one_of(("kitchen", "hall", "bedroom", "garage", "bathroom", "office")),
            ),
            Argument(("colour", "color"), "string", one_of(COLOURS)),
        ),
        phrases("""
             Make the light in the {0} {1}. | Set the {0} light to {1}. | Turn the {0} lamp {1}. |
             Change the light in the {0} to {1}.
         """),
    ),
    Kind(
        ("add", "add_numbers", "sum", "plus", "calculator_add"),
        ("Add two numbers", "Returns the sum of two integers."),
        (
            Argument(("a", "x", "first", "left"), "integer", whole(0, 999)),
            Argument(("b", "y", "second", "right"), "integer", whole(0, 999)),
        ),
        phrases("""
             Add {0} and {1}. | What is {0} plus {1}? | What is {0} + {1}? | Sum {0} and {1}. |
             How much is {0}+{1}?
         """),
    ),
    Kind(
        ("multiply", "times", "product", "mul"),
        ("Multiply two numbers", "Returns the product of two integers."),
        (
            Argument(("a", "x", "first", "left"), "integer", whole(0, 999)),
            Argument(("b", "y", "second", "right"), "integer", whole(0, 999)),
        ),
        phrases("""
             Multiply {0} and {1}. | What is {0} times {1}? | What is {0} * {1}? |
             How much is {0} times {1}? | Multiply {0} by {1}.
         """),
    ),
    Kind(
        ("get_stock_price", "stock", "stock_price", "quote"),
        ("Get the price of a stock", "Look up a share price."),
        (Argument(("symbol", "ticker", "stock"), "string", some_code),),
        phrases("""
             What is the stock price of {0}? | Price of {0}? | How much is a share of {0}? |
             Get me the stock price for {0}.
         """),
    ),
    Kind(
        ("convert", "convert_currency", "exchange"),
        ("Convert money into another currency", "Converts currencies."),
        (
            Argument(("amount", "value"), "integer", whole(1, 999)),
            Argument(("source", "from_currency", "base"), "string", one_of(CURRENCIES)),
            Argument(("target", "to_currency", "into"), "string", one_of(CURRENCIES)),
        ),
        phrases("""
             Convert {0} {1} to {2}. | How much is {0} {1} in {2}? | Change {0} {1} into {2}. |
             What is {0} {1} in {2}?
         """),
    ),
    Kind(
        ("book_flight", "flight", "find_flight", "search_flights"),
        ("Book a flight", "Finds flights between two cities."),
        (
            Argument(("origin", "from_city", "start", "departure"), "string", city),
            Argument(("destination", "to_city", "end", "arrival"), "string", city),
        ),
        phrases("""
             Book a flight from {0} to {1}. | I want to fly from {0} to {1}. |
             Find flights from {0} to {1}. | Fly me to {1} from {0}.
         """),
    ),
    Kind(
        ("get_order", "track_order", "order_status"),
        ("Get the status of an order", "Looks an order up by its number."),
        (Argument(("order_id", "id", "number", "order"), "string", some_code),),
        phrases("""
             Where is my order {0}? | Track order {0}. | What is the status of order {0}? |
             Check the order {0}.
         """),
    ),
    Kind(
        ("get_user", "find_user", "user_info", "get_contact"),
        ("Get information about a user", "Looks a person up."),
        (Argument(("name", "user", "username", "person"), "string", name),),
        phrases("""
             Who is {0}? | Look up the user {0}. | Find the user {0}. |
             Get me information about {0}. | Show the contact of {0}.
         """),
    ),
    Kind(
        ("set_temperature", "heating", "thermostat"),
        ("Set the temperature of the heating", "Controls the thermostat."),
        (Argument(("degrees", "temperature", "value", "target"), "integer", whole(5, 30)),),
        phrases("""
             Set the temperature to {0} degrees. | Heat to {0} degrees. |
             Set the heating to {0}. | Make it {0} degrees in here.
         """),
    ),
    Kind(
        ("add_note", "create_note", "write_note", "remember"),
        ("Save a note", "Stores a note."),
        (Argument(("note", "text", "content"), "string", some_words),),
        phrases("""
             Save the note "{0}". | Note: {0} | Make a note: "{0}" | Write down "{0}". |
             Add a note that says {0}.
         """),
    ),
    Kind(
        ("get_date", "today", "current_date"),
        ("Get the date of today", "Returns the current date."),
        (),
        phrases("""
             What is the date today? | Which date is it? | What day is it today? |
             Tell me the date.
         """),
    ),
)
VERBS = words("""
    open close start stop check update delete create show count move lock clean paint load reset
    scan print sort add find get read share save list
""")
NOUNS = words("""
    file user account order ticket task message report page song product contact booking room table
    server backup note list team door window light garage
""")
