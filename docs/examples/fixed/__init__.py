"""The corrected twins of `racy`: the same tools, safe to call in parallel."""
