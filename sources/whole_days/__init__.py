"""Whole UTC days of a report: which ones, why, and how they are waited for.

A day is fetched whole or not at all, and replaces what is stored of it. This package
knows no API and no column of one; a source such as `claude_code_analytics` brings them.
"""
