"""What models can be asked, one file each: log-probabilities, hidden states, a classifier's logit."""
