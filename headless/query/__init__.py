"""Where, sort and the statements they become: one language, with an evaluator in SQL and one in memory."""
