"""Recorded batches of tool calls, their plan, and the policy for a runner."""
