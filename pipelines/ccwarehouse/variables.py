"""Each option as an environment variable, for containers and schedulers.

`load --lookback` is `CCWAREHOUSE_LOAD_LOOKBACK`. The settings of dlt have two
underscores (`CCWAREHOUSE__TEAMS`), so no name is both.
"""

from collections.abc import MutableMapping, Sequence
from typing import Final

FALSE: Final = {"0", "false", "f", "no", "n", "off"}

PREFIX: Final = "CCWAREHOUSE_"
# Where the data is: one variable for all commands, so that `status` and `export` read
# what `load` writes.
SHARED: Final = ("--destination", "--database", "--dataset")


def variables(command: str, option: str) -> list[str]:
    """The variables of an option like `--dry-run`. The first one that is set counts."""
    own, all_commands = f"{command}-{option[2:]}", option[2:]
    names = [own, all_commands] if option in SHARED else [own]
    return [f"{PREFIX}{name.replace('-', '_').upper()}" for name in names]


def forget_blank(environ: MutableMapping[str, str]) -> None:
    """Remove our variables without a value: a template's `X=` or `X=" "` is not set."""
    for name in [name for name in environ if name.startswith(PREFIX)]:
        if not environ[name].strip():
            del environ[name]


def asked_for(
    option: str, words: Sequence[str], environ: MutableMapping[str, str]
) -> str | None:
    """The value of an option before click has read the words; None when not given.

    Errors in the words are printed in the form that is asked for, so this reads words
    that click may refuse. A flag has the word after it, or "1".
    """
    for word, following in zip(words, [*words[1:], "1"], strict=True):
        name, equals, value = word.partition("=")
        if name == option:
            return value if equals else following
    command = next((word for word in words if not word.startswith("-")), "")
    given = (environ.get(name, "").strip() for name in variables(command, option))
    return next(filter(None, given), None)


def is_asked_for(
    flag: str, words: Sequence[str], environ: MutableMapping[str, str]
) -> bool:
    """Whether a flag is given, before click has read the words."""
    value = asked_for(flag, words, environ)
    return value is not None and value.lower() not in FALSE
