"""An import-linter contract that lists what may be imported; everything else but the standard library may not."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from importlinter import Contract, ContractCheck, fields, output
from importlinter.domain.helpers import module_expressions_to_modules

if TYPE_CHECKING:
    from grimp import ImportGraph


class AllowedContract(Contract):
    """Every module in ``source_modules`` imports the standard library, its own package and ``allowed_modules`` only.

    A list of what is forbidden would have to grow with each new dependency; this one fails closed. Direct imports
    are enough: what is allowed is held to a list of its own.
    """

    type_name = "allowed"

    source_modules: Any = fields.SetField(subfield=fields.ModuleExpressionField())
    allowed_modules: Any = fields.SetField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        roots = sorted(module.name for module in module_expressions_to_modules(graph, self.source_modules))
        found = []
        for root in roots:
            for importer in sorted({root, *graph.find_descendants(root)}):
                found += [
                    f"{importer}:{detail['line_number']} imports {imported}"
                    for imported in sorted(graph.find_modules_directly_imported_by(importer))
                    if not self._may(imported, root)
                    for detail in graph.get_import_details(importer=importer, imported=imported)
                ]
        return ContractCheck(kept=not found, metadata={"found": found})

    def render_broken_contract(self, check: ContractCheck) -> None:
        for line in check.metadata["found"]:
            output.print_error(line, bold=False)

    def _may(self, imported: str, root: str) -> bool:
        own = imported == root or imported.startswith(root + ".")
        standard = imported.split(".")[0] in sys.stdlib_module_names
        return own or standard or imported in self.allowed_modules
