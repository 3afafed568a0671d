// The files of an export: lines written into memory, under the paths that manifests link to. Each
// function returns the manifest's items as {type, path, count}.
import { core } from './medplum.mjs';
import { visible } from './metadata.mjs';
import { state } from './state.mjs';

const DELETED_PER_BUNDLE = 10;

const folderOf = (id) => `storage/export-${id}/`;

export function writeResources(id, selected, { elements }) {
  return selected.flatMap(([type, resources]) =>
    write(
      id,
      type,
      type,
      resources.map((resource) => subset(visible(resource, false), elements)),
    ),
  );
}

/** `_elements` names `birthDate` or `Patient.birthDate`. */
function subset(resource, elements) {
  const type = resource.resourceType;
  const own = elements
    .map((element) => element.split('.'))
    .filter((parts) => parts.length === 1 || parts[0] === type)
    .map((parts) => parts.at(-1));
  return own.length ? core.subsetResource(resource, own) : resource;
}

/** Each line is a transaction that deletes. */
export function writeTombstones(id, references) {
  const bundles = [];
  for (let i = 0; i < references.length; i += DELETED_PER_BUNDLE) {
    const entry = references
      .slice(i, i + DELETED_PER_BUNDLE)
      .map((url) => ({ request: { method: 'DELETE', url } }));
    bundles.push({ resourceType: 'Bundle', type: 'transaction', entry });
  }
  return write(id, 'Bundle', 'deleted', bundles);
}

/** What was ignored, and `config.exportErrors` errors more. */
export function writeErrors(id, ignored) {
  const made = Array.from(
    { length: state.config.exportErrors },
    (_, i) => `Resource ${i + 1} could not be exported`,
  );
  const outcomes = [...ignored, ...made].map((text) => ({
    resourceType: 'OperationOutcome',
    issue: [{ severity: 'error', code: 'processing', details: { text } }],
  }));
  return write(id, 'OperationOutcome', 'error', outcomes);
}

function write(id, type, name, resources) {
  const size = state.config.exportLinesPerFile ?? resources.length;
  const items = [];
  for (let i = 0; i < resources.length; i += size) {
    const part = resources.slice(i, i + size);
    const number = size < resources.length ? `.${items.length + 1}` : '';
    const path = `${folderOf(id)}${name}${number}.ndjson`;
    const bytes = Buffer.from(part.map((resource) => `${JSON.stringify(resource)}\n`).join(''));
    const needsToken = state.config.exportToken;
    state.files.set(path, { type: 'application/fhir+ndjson', bytes, needsToken });
    items.push({ type, path, count: part.length });
  }
  return items;
}

export function dropFiles(id) {
  for (const path of [...state.files.keys()]) {
    path.startsWith(folderOf(id)) && state.files.delete(path);
  }
}
