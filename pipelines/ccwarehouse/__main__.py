"""`python -m ccwarehouse` is the command `ccwarehouse`."""

from .cli import main

main()
