"""Prices of AWS for images, with the date at which they were read.

Sources: Amazon ECR pricing and Amazon Inspector pricing. AWS has other prices in some regions.
"""

_AS_OF = "AWS's price in us-east-1 in March 2026"
STORAGE = f"0.10 USD for each GB and month, {_AS_OF}"
SCANS = f"0.09 USD for the first scan of an image and 0.01 USD for each later one, {_AS_OF}"
