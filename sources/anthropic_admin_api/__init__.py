"""Anthropic's Admin API over HTTP: the key, the calls, their errors, and a fake of it.

What all of its reports have in common. It knows none of them. A source of one report
(`claude_code_analytics`) adds the path, the shape of a reply, and the tables.
"""
