"""The wire: dialects build requests and read replies, one session sends them, one gallery drives them."""
