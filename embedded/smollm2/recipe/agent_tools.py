"""Tools as agents and their frameworks offer them, beside those of `embedded.chat.recipe`.

A request may end with `##` and the arguments that its words imply, by their order.
"""

from __future__ import annotations

from random import Random
from typing import Any

from embedded.chat.recipe.listing import phrases, words
from embedded.chat.recipe.sample import Split
from embedded.chat.recipe.skills.tool_kinds import (
    Argument,
    Kind,
    Maker,
    one_of,
    some_code,
    some_word,
    some_words,
    whole,
)
from embedded.chat.recipe.vocabulary import FOODS, WORDS, city, name

FOLDERS = words("src docs tests lib data config notes reports images scripts tmp home")
ENDINGS = words("py md txt json yaml csv ts js html log toml")
COMMANDS = phrases("""
    ls -la | git status | npm test | make build | pytest -q | docker ps | df -h | uname -a |
    git log --oneline | pip list | npm run lint | cargo test | whoami | cat /etc/hosts | go vet
""")
STATES = words("open closed pending done active archived failed")
PRIORITIES = words("low medium high")
METHODS = words("GET POST PUT DELETE")
MONTH_DAYS = tuple(f"2026-{month:02}-{day:02}" for month in range(1, 13) for day in range(1, 29))
HOURS = tuple(f"{hour:02}:{minute:02}" for hour in range(7, 22) for minute in (0, 15, 30, 45))


def path(rng: Random, split: Split) -> str:
    """A file somewhere below the working directory."""
    file = f"{some_word(rng, split)}.{rng.choice(ENDINGS)}"
    return "/".join((*rng.sample(FOLDERS, rng.choice((0, 1, 1, 2))), file))


def folder(rng: Random, split: Split) -> str:
    """A directory."""
    return "/".join((*rng.sample(FOLDERS, rng.choice((0, 1))), some_word(rng, split)))


def address(rng: Random, split: Split) -> str:
    """An address of the web."""
    return f"https://{some_word(rng, split)}.{rng.choice(('com', 'org', 'io'))}/{rng.choice(WORDS)}"


def email(rng: Random, split: Split) -> str:
    """An address of somebody's mail."""
    return f"{name(rng, split).lower()}@{some_word(rng, split)}.com"


def decimal(low: int, high: int) -> Maker:
    """Draws numbers with up to two decimals."""
    return lambda rng, split: round(rng.randint(low * 100, high * 100) / 100, rng.choice((1, 2)))


def several(make: Maker) -> Maker:
    """Draws lists of two or three different values."""

    def draw_list(rng: Random, split: Split) -> list[Any]:
        made = [make(rng, split) for _ in range(rng.choice((2, 2, 3)))]
        return list(dict.fromkeys(made))

    return draw_list


def record(**fields: Maker) -> Maker:
    """Draws objects with these fields."""
    return lambda rng, split: {key: make(rng, split) for key, make in fields.items()}


PATH = Argument(("path", "file_path", "file", "filename"), "string", path)
FOLDER = Argument(("path", "directory", "dir", "folder"), "string", folder)
DATE = Argument(("date", "day", "on"), "string", one_of(MONTH_DAYS))
TIME = Argument(("time", "start", "at"), "string", one_of(HOURS))
TITLE = Argument(("title", "name", "summary", "subject"), "string", some_words)
YES = Argument(("recursive", "all", "verbose", "force"), "boolean", one_of((True, False)))  # type: ignore[arg-type]

AGENT_KINDS: tuple[Kind, ...] = (
    Kind(
        phrases("read_file | readFile | fs_read | open_file | mcp__filesystem__read_file | cat"),
        phrases(
            "Read a file. | Returns the text of a file | Read the contents of a file at a path"
        ),
        (PATH,),
        phrases("""
            Read {0}. | Show me {0}. | What is in {0}? | Open the file {0}. | Print {0} |
            What does {0} contain?
        """),
    ),
    Kind(
        phrases("write_file | writeFile | create_file | fs_write | save_file"),
        phrases("Write text to a file. | Creates a file with content"),
        (PATH, Argument(("content", "text", "data"), "string", some_words)),
        phrases("""
            Write "{1}" to {0}. | Create {0} with the text "{1}". | Save "{1}" in {0}. |
            Make a file {0} that says: {1}
        """),
    ),
    Kind(
        phrases("list_files | listFiles | list_directory | ls | mcp__filesystem__list_directory"),
        phrases("List the files of a directory. | Lists a folder"),
        (FOLDER, YES),
        phrases("""
            List the files in {0}. | What files are in {0}? | Show the folder {0}. | ls {0} |
            List everything in {0} and below. ## {"1": true} |
            List {0}, {n1} true. ## {"1": true} | List {0} with {n1} false. ## {"1": false}
        """),
    ),
    Kind(
        phrases("delete_file | remove_file | deleteFile | rm"),
        phrases("Delete a file. | Removes a file"),
        (PATH,),
        phrases("Delete {0}. | Remove the file {0}. | Please delete {0} | Get rid of {0}."),
    ),
    Kind(
        phrases("run_command | bash | shell | execute_command | runCommand | run_in_terminal"),
        phrases("Run a command in a shell. | Executes a bash command and returns what it prints"),
        (Argument(("command", "cmd", "script"), "string", one_of(COMMANDS)),),
        phrases("Run `{0}`. | Run {0} | Execute {0}. | Please run the command {0} | Do a {0}."),
    ),
    Kind(
        phrases(
            "grep | search_files | search_code | searchFiles | codebase_search | find_in_files"
        ),
        phrases("Search files for a text. | Find a pattern in the code"),
        (Argument(("pattern", "query", "text", "regex"), "string", some_word), FOLDER),
        phrases("""
            Search for {0} in {1}. | Find "{0}" in the folder {1}. | Where is {0} used in {1}? |
            grep {0} in {1} | Which files in {1} contain {0}?
        """),
    ),
    Kind(
        phrases("fetch | fetch_url | http_get | open_url | browser_navigate | web_fetch"),
        phrases("Fetch a web page. | Opens an address and returns its text"),
        (Argument(("url", "uri", "link", "address"), "string", address),),
        phrases("Fetch {0}. | Open {0} | What is on {0}? | Read the page {0}. | Go to {0}."),
    ),
    Kind(
        phrases("http_request | request | call_api | api_request"),
        phrases("Send an HTTP request. | Calls an API"),
        (
            Argument(("method", "verb"), "string", one_of(METHODS), METHODS),
            Argument(("url", "endpoint"), "string", address),
        ),
        phrases("Send a {0} request to {1}. | {0} {1} | Call {1} with {0}. | Do a {0} on {1}."),
    ),
    Kind(
        phrases("create_event | add_event | calendar_create | schedule_meeting | createEvent"),
        phrases("Create an event in the calendar. | Schedules a meeting"),
        (TITLE, DATE, TIME, Argument(("attendees", "guests", "people"), "string[]", several(name))),
        phrases("""
            Create the event "{0}" on {1} at {2}. | Schedule "{0}" for {1}, {2}. |
            Schedule "{0}" on {1} at {2} with {3}. | Invite {3} to "{0}" on {1} at {2}. |
            Put "{0}" into my calendar on {1}. | Meeting "{0}" with {3} on {1} at {2}.
        """),
    ),
    Kind(
        phrases("list_events | get_calendar | calendar | check_calendar | getEvents"),
        phrases("List the events of a day. | Get what is in the calendar"),
        (DATE,),
        phrases("What is in my calendar on {0}? | Which events are on {0}? | Am I free on {0}?"),
    ),
    Kind(
        phrases("create_issue | createIssue | github_create_issue | mcp__github__create_issue"),
        phrases("Create an issue in a repository. | Opens an issue"),
        (
            TITLE,
            Argument(("labels", "tags"), "string[]", several(one_of(WORDS[:60]))),
            Argument(("priority", "severity"), "string", one_of(PRIORITIES), PRIORITIES),
        ),
        phrases("""
            Open an issue "{0}". | Create an issue called "{0}" with {2} priority. |
            File an issue "{0}" with the labels {1}. | Issue: "{0}", labels {1}, priority {2}. |
            Create a {2} priority issue "{0}".
        """),
    ),
    Kind(
        phrases("list_issues | get_issues | search_issues | listIssues"),
        phrases("List issues. | Returns the issues of a repository in some state"),
        (
            Argument(("repo", "repository", "project"), "string", some_word),
            Argument(("state", "status"), "string", one_of(STATES), STATES),
            Argument(("limit", "max_results", "count"), "integer", whole(1, 50)),
        ),
        phrases("""
            List the {1} issues of {0}. | Which issues of {0} are {1}? |
            Show me {2} issues of {0}. | Show {2} {1} issues in {0}. | List the issues of {0}.
        """),
    ),
    Kind(
        phrases("create_task | add_todo | createTask | todo_add | add_task"),
        phrases("Add a task to the list. | Creates a to-do"),
        (
            TITLE,
            Argument(("due", "due_date", "deadline"), "string", one_of(MONTH_DAYS)),
            Argument(("urgent", "important", "starred"), "boolean", one_of((True, False))),  # type: ignore[arg-type]
        ),
        phrases("""
            Add the task "{0}". | Add "{0}" to my list, due {1}. | I must do "{0}" until {1}. |
            Add the {n2} task "{0}". ## {"2": true} | Add "{0}", not {n2}. ## {"2": false} |
            New {n2} task "{0}", due {1}. ## {"2": true}
        """),
    ),
    Kind(
        phrases("query_database | run_query | query | lookup_record | find_records"),
        phrases("Find records of a table. | Queries the database"),
        (
            Argument(
                ("table", "collection", "entity"), "string", one_of(words("users orders items"))
            ),
            Argument(("limit", "top", "max"), "integer", whole(1, 100)),
            Argument(("filter", "where", "match"), "{status}", record(status=one_of(STATES))),
        ),
        phrases("""
            Give me {1} {0}. | List {1} records of {0}. | Show the first {1} {0}. |
            Find {1} {0} with {2}. | Which {0} have {2}?
        """),
    ),
    Kind(
        phrases("create_user | register_user | add_contact | createUser | add_customer"),
        phrases("Create a user. | Adds a contact with an address"),
        (
            Argument(("name", "full_name", "username"), "string", name),
            Argument(("email", "mail"), "string", email),
            Argument(("age", "years"), "integer", whole(18, 90)),
        ),
        phrases("""
            Create the user {0} with {1}. | Add {0}, {1}, aged {2}. | Register {0} ({1}). |
            Add {0}, who is {2} years old. | New user {0}, mail {1}.
        """),
    ),
    Kind(
        phrases("ship_order | create_shipment | set_address | deliver | update_address"),
        phrases("Ship an order to an address. | Sets where an order is delivered"),
        (
            Argument(("order_id", "order", "id"), "string", some_code),
            Argument(
                ("address", "destination", "ship_to"),
                "{street, city}",
                record(
                    street=lambda rng, _: (
                        f"{rng.randint(1, 99)} {rng.choice(WORDS).title()} Street"
                    ),
                    city=city,
                ),
            ),
        ),
        phrases("Ship {0} to {1}. | Send order {0} to {1}. | Deliver {0} to {1}, please."),
    ),
    Kind(
        phrases("calculator | calculate | evaluate | math | eval_expression"),
        phrases("Evaluate an arithmetic expression. | Calculates"),
        (
            Argument(
                ("expression", "expr", "formula"),
                "string",
                lambda rng, _: f"{rng.randint(2, 999)} {rng.choice('+-*/')} {rng.randint(2, 99)}",
            ),
        ),
        phrases("What is {0}? | Calculate {0}. | How much is {0}? | Compute {0} | {0} = ?"),
    ),
    Kind(
        phrases("transfer_money | send_money | pay | make_payment | transfer"),
        phrases("Transfer money to somebody. | Pays an amount"),
        (
            Argument(("amount", "sum", "value"), "number", decimal(1, 900)),
            Argument(("recipient", "to", "payee"), "string", name),
        ),
        phrases(
            "Send {0} euros to {1}. | Pay {1} {0}. | Transfer {0} to {1}. | Give {1} {0} dollars."
        ),
    ),
    Kind(
        phrases("set_volume | volume | brightness | set_brightness | dim"),
        phrases("Set the level in percent. | Changes the level"),
        (Argument(("level", "percent", "value"), "integer", whole(0, 100)),),
        phrases(
            "Set it to {0} percent. | {0} percent please. | Put the level to {0}. | Level {0}."
        ),
    ),
    Kind(
        phrases("turn_on | turnOn | switch | toggle_device | set_device"),
        phrases("Turn a device on or off. | Switches a device"),
        (
            Argument(
                ("device", "entity", "name"),
                "string",
                one_of(words("lamp heater fan oven radio printer pump")),
            ),
            Argument(("on", "enabled", "active", "state"), "boolean", one_of((True, False))),  # type: ignore[arg-type]
        ),
        phrases("""
            Turn on the {0}. ## {"1": true} | Turn the {0} off. ## {"1": false} |
            Switch the {0} on, please. ## {"1": true} | Switch off the {0}. ## {"1": false} |
            {0} on ## {"1": true} | {0} off ## {"1": false}
        """),
    ),
    Kind(
        phrases("add_to_cart | cart_add | addToCart | update_cart | shopping_list_add"),
        phrases("Add items to the cart. | Puts products on the list"),
        (Argument(("items", "products", "articles"), "string[]", several(one_of(FOODS))),),
        phrases("Add {0} to the cart. | Put {0} on my list. | I need {0}. | We are out of {0}."),
    ),
    Kind(
        phrases("get_distance | route | directions | navigate | plan_route"),
        phrases("Find the way between two places. | Returns distance and route"),
        (
            Argument(("origin", "from", "start"), "string", city),
            Argument(("destination", "to", "end"), "string", city),
            Argument(
                ("mode", "by", "travel_mode"),
                "string",
                one_of(words("car train bike foot")),
                words("car train bike foot"),
            ),
        ),
        phrases("""
            How far is it from {0} to {1}? | Route from {0} to {1} by {2}. |
            Take me from {0} to {1}. | How do I get from {0} to {1} by {2}?
        """),
    ),
    Kind(
        phrases("find_restaurant | search_restaurants | find_hotel | search_places | book_table"),
        phrases("Find a place. | Searches places in a city by a price and a rating"),
        (
            Argument(("city", "location", "near"), "string", city),
            Argument(("max_price", "budget", "price"), "number", decimal(10, 200)),
            Argument(("guests", "people", "party_size"), "integer", whole(1, 9)),
        ),
        phrases("""
            Find something in {0} for {2} people. | A place in {0} below {1}, please. |
            Find a place in {0} for {2}, at most {1}. | Look for a place in {0}.
        """),
    ),
    Kind(
        phrases("send_email | gmail_send | sendEmail | mcp__mail__send"),
        phrases("Send an email to one or several people. | Sends mail"),
        (
            Argument(("to", "recipients"), "string[]", several(email)),
            Argument(("subject", "title"), "string", some_words),
            Argument(("body", "text", "content"), "string", some_words),
        ),
        phrases("""
            Mail {0} with the subject "{1}": {2} | Send an email to {0}, subject "{1}". |
            Write to {0} that "{2}", subject "{1}". | Email {0} about "{1}" and say "{2}".
        """),
    ),
)
