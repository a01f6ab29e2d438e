"""Whole UTC days of a report: which ones to fetch, why, and how to wait for them.

A day is fetched whole or not at all, and replaces the stored rows of that day. This
package knows no API and no column: a source defines them.
"""
