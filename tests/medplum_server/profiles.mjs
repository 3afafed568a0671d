// Validation as Medplum's repository does it: by the base type, then by each profile in
// `meta.profile` that is stored. Profiles that are not stored are passed over.
import { core } from './medplum.mjs';

export function validateResource(resource, store) {
  core.validateResource(resource);
  for (const url of resource.meta?.profile ?? []) {
    const profile = stored(url, store);
    profile && core.validateResource(resource, { profile });
  }
}

function stored(url, store) {
  const known = store.resources.get('StructureDefinition')?.values() ?? [];
  return [...known].find((definition) => definition.url === url);
}
