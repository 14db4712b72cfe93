"""A review as text, as Markdown and as JSON."""
