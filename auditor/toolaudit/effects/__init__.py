"""Facts to footprints: what each tool touches, under which key, with which lock."""
