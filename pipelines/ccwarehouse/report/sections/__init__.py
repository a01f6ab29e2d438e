"""The parts of the page, each from facts and figures to blocks."""
