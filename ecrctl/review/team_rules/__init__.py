"""A team's own rules for a review: the gates, forbidden access, and violations of policies."""
