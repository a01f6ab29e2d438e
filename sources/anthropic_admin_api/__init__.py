"""Anthropic's Admin API over HTTP: the key, the calls, their errors, and a fake of it.

What all of its reports have in common. A source of one report (`claude_code_analytics`)
adds the path, the shape of a reply, and the tables. Two things here name reports: the
key's settings stand under the usage report's name, and the fake answers for all.
"""
