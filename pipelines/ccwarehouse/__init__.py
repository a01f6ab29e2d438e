"""Claude Code usage in your warehouse, exact to the day."""
