"""What a schedule led to, and whether some serial order leads to the same."""
