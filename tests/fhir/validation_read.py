"""Run in a process of its own: validates every example of a folder whose number is of one share.

Arguments: the folder, how many shares there are, which one it is. Writes one line of JSON for each
example: its name and its errors and warnings; at the end the seconds that validating took.
"""

import json
import sys
import time
from pathlib import Path

if __name__ == "__main__":
    folder, shares, share = sys.argv[1:]
    sys.path[:0] = [str(Path(__file__).parents[2])]
    from hl7_examples import example_files

    from pymedplum.validation import validate

    spent = 0.0
    for path in example_files(Path(folder))[int(share) :: int(shares)]:
        resource = json.loads(path.read_bytes())
        started = time.perf_counter()
        report = validate(resource)
        spent += time.perf_counter() - started
        rows = [
            [i.severity, i.code, i.key, i.definition, i.element, i.profile, i.expression]
            for i in report.issues
        ]
        print(json.dumps([path.name, rows]))
    print(json.dumps(spent))
