"""What other tools, or a person, have brought here is found, matched to the account, and taken over."""
