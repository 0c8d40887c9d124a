"""What is looked for during training, a kind of fault a function."""
