"""What the real kubectl does to Jobs, seen by an API server that writes down what is done."""
