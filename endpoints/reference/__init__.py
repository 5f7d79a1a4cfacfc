"""The reference of the API as pages: what the description says, for people, with forms to try it."""
