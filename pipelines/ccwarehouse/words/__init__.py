"""Messages: lines for people, and keys of the JSON object for programs.

There is a module per command; `dates` and `causes` format days. Only `progress` writes
to the terminal, all others return texts.
"""
