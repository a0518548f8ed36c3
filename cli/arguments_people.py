"""What can be typed of people: `recipient`, and `suppress` for those who want no messages."""

from cli.options import Commands, as_json, command, positive


def people(commands: Commands) -> None:
    """`recipient`, `suppress`."""
    _recipient(commands)
    _suppress(commands)


def _recipient(commands: Commands) -> None:
    one = command(
        commands, "recipient", "one person's whole story: what they were sent, what became of it",
        """  loopcast recipient '+49 1511 2345678'
  loopcast recipient 4915112345678 --json | jq -r '.messages[].state'""",
    )  # fmt: skip
    one.add_argument("number", metavar="NUMBER")
    one.add_argument("--limit", metavar="N", type=positive, help="1 to 500 messages; 50")
    one.add_argument("--after", metavar="PAGE", help="as the page before says")
    as_json(one)


def _suppress(commands: Commands) -> None:
    suppress = command(
        commands, "suppress", "who wants no messages: add, lift, show, list, import, export",
        """  loopcast suppress add '+49 1511 2345678' --reason 'asked by phone'
  loopcast suppress lift 4915112345678
  loopcast suppress import list.csv
  loopcast suppress export -o suppressions.csv""",
    )  # fmt: skip
    does = suppress.add_subparsers(dest="does", required=True, metavar="WHAT")
    _of_numbers(does)
    _of_the_list(does)


def _of_numbers(does: Commands) -> None:
    add = command(does, "add", "numbers that are to get nothing more; `-`: from stdin",
                  "  loopcast suppress add '+49 1511 2345678' --reason 'asked by phone'\n"
                  "  loopcast suppress add - --scope marketing < numbers.txt")  # fmt: skip
    add.add_argument("numbers", nargs="+", metavar="NUMBER", help="as people write them")
    add.add_argument("--scope", choices=("all", "marketing"), help="of which messages; all")
    add.add_argument("--reason", help="one line, kept with them")
    as_json(add)
    lift = command(does, "lift", "lift what stops a number",
                   "  loopcast suppress lift 4915112345678\n"
                   "  loopcast suppress lift 4915112345678 --source recipient")  # fmt: skip
    lift.add_argument("numbers", nargs=1, metavar="NUMBER")
    lift.add_argument("--source", choices=("operator", "recipient", "meta"))
    lift.add_argument("--all", action="store_true", help="whoever asked for it")
    as_json(lift)
    show = command(does, "show", "all that is known of a number",
                   "  loopcast suppress show 4915112345678")  # fmt: skip
    show.add_argument("numbers", nargs=1, metavar="NUMBER")
    as_json(show)


def _of_the_list(does: Commands) -> None:
    listed = command(does, "list", "who is on the list, newest first",
                     "  loopcast suppress list --source recipient --limit 500")  # fmt: skip
    listed.add_argument("--limit", type=positive, default=50, help="1 to 500; 50")
    listed.add_argument("--source", choices=("operator", "recipient", "meta"))
    listed.add_argument("--scope", choices=("all", "marketing"))
    as_json(listed)
    taken = command(does, "import", "a whole list, as lines or CSV",
                    "  loopcast suppress import list.csv")  # fmt: skip
    taken.add_argument("file", metavar="FILE")
    as_json(taken)
    given = command(does, "export", "the whole list",
                    "  loopcast suppress export -o suppressions.csv\n"
                    "  loopcast suppress export --format ndjson | jq -r .number")  # fmt: skip
    given.add_argument("-o", "--output", metavar="FILE", help="else stdout")
    given.add_argument("--format", choices=("csv", "ndjson"), default="csv")
