"""OAuth 1.0a: who is asking, and how a person lets an application in."""
