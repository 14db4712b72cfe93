"""``ecrctl verify``: what is deployed, compared with what is declared."""
