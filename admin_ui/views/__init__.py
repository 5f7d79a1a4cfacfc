"""The pages of the admin, one module each: an async function of the visit that answers with a response."""
