"""From declarations to tables, plans and readers: done once, when the application starts."""
