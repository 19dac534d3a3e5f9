"""Tools that work one after the other and fail together. Every failure here is planted; `fixed` holds the corrected twins."""
