"""The parts of the HTML page: what each section shows, as plain values that the templates lay out."""
