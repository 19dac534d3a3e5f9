"""Files to facts: walk, decode, guard, index (`ast`), extract (libcst), cache, resolve. Importing it does not import libcst."""

from toolaudit.project.local import LocalProject, open_project
from toolaudit.project.source import Project

__all__ = ["LocalProject", "Project", "open_project"]
