"""The JSON Schemas that ship with the package; `python -m toolaudit_reports.schema` writes them anew."""
