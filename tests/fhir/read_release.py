"""Run in a process of its own: another FHIR version's models read that version's examples.

Arguments: the folder of the generated package, the folder of the examples. Writes JSON.
"""

import json
import sys
from pathlib import Path

if __name__ == "__main__":
    tree, folder = sys.argv[1:]
    sys.path[:0] = [tree, str(Path(__file__).parent), str(Path(__file__).parents[2])]
    import pymedplum.fhir

    assert Path(pymedplum.fhir.__file__).is_relative_to(tree), "another tree was imported"
    from hl7_examples import example_files
    from reading import read

    outcomes = {path.name: read(path.read_bytes()) for path in example_files(Path(folder))}
    print(json.dumps(outcomes))
