"""What a changed lifecycle policy does: its rules in words, and images to try it on."""
