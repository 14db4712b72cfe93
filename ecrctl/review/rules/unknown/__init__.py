"""Rules about what only the deployment knows, and about what no rule judges."""
