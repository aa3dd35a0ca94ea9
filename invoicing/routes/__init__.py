"""The pages of invoicing; each module is one blueprint."""
