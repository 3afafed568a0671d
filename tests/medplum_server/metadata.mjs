// What the server itself writes into `meta`, what of it a reader sees, and whether an update would
// change anything.
import { core } from './medplum.mjs';
import { patientCompartment } from './definitions.mjs';
import { valuesOf } from './filters.mjs';

const HIDDEN = ['author', 'project', 'account', 'compartment'];

/** The stored form of a resource; `existing` is the version that it replaces. */
export function stamp(resource, existing, caller) {
  const meta = { ...resource.meta };
  HIDDEN.filter((key) => key !== 'account').forEach((key) => delete meta[key]);
  keepAccounts(meta, existing?.meta, caller.isExtended);
  Object.assign(meta, {
    versionId: core.generateId(),
    lastUpdated: new Date().toISOString(),
    author: caller.author,
    project: caller.project,
  });
  delete meta.onBehalfOf;
  if (caller.onBehalfOf) {
    meta.onBehalfOf = caller.onBehalfOf;
  }
  const stamped = { ...resource, meta };
  meta.compartment = compartmentsOf(stamped, caller.project);
  return stamped;
}

function keepAccounts(meta, before, isExtended) {
  meta.account ??= before?.account;
  meta.accounts ??= before?.accounts;
  if (isExtended && (meta.account || meta.accounts)) {
    const first = meta.account ? [meta.account] : [];
    const others = (meta.accounts ?? []).filter((a) => a.reference !== first[0]?.reference);
    meta.accounts = [...first, ...others];
    meta.account = meta.accounts[0];
  }
  ['account', 'accounts'].filter((key) => !meta[key]).forEach((key) => delete meta[key]);
}

export function compartmentsOf(resource, project) {
  const found = new Map();
  const put = (reference) => reference && found.set(reference, { reference });
  put(project && `Project/${project}`);
  put(resource.meta.account?.reference);
  resource.meta.accounts?.forEach((account) => put(account.reference));
  patientsOf(resource).forEach(put);
  return [...found.values()];
}

export function patientsOf(resource) {
  if (resource.resourceType === 'Patient') {
    return resource.id ? [`Patient/${resource.id}`] : [];
  }
  const codes = patientCompartment.get(resource.resourceType) ?? [];
  const parameters = codes.map((code) => core.getSearchParameter(resource.resourceType, code));
  const references = parameters
    .filter(Boolean)
    .flatMap((parameter) => core.convertToSearchableReferences(valuesOf(resource, parameter)));
  return [...new Set(references.filter((reference) => /^Patient\/[^/]+$/.test(reference)))];
}

/** A copy that a caller may see. */
export function visible(resource, isExtended) {
  const meta = { ...resource.meta };
  if (!isExtended) {
    HIDDEN.forEach((key) => delete meta[key]);
  }
  return { ...resource, meta };
}

export function isUnchanged(stamped, existing) {
  return core.deepEquals(withoutStamp(stamped), withoutStamp(existing));
}

function withoutStamp(resource) {
  const { versionId, lastUpdated, author, onBehalfOf, ...meta } = resource.meta;
  return { ...resource, meta };
}
