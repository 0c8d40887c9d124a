"""What a watched training is seen by: looks at a network, a record of them, and a page of it."""
