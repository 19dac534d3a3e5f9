"""Where calls touch what they share: the places at which the engine may switch."""
