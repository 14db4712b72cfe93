"""Rules of AWS as a whole: partitions, resource tags."""
