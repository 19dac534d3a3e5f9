"""From scan to proof: each conflict and ordering of a scan becomes a test item with one verdict."""
