"""What goes wrong on request, and how."""
