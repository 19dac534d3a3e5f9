"""Which schedules to run, in which order, and how a schedule is written down."""
