"""The process that stays: what is due and when, who may ask for what, and what it does while held up."""
