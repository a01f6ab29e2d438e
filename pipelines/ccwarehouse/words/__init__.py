"""What is said: to people as lines, to machines as keys of the JSON object.

A module per command says what it found; `dates` and `causes` put days into words. All
of them make texts from what they are given; only `progress` writes to the terminal.
"""
