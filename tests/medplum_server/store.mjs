// The repository: MemoryRepository with what it lacks of Medplum's own: validation, tombstones,
// versions that stay when nothing changes, hidden metadata, transactions that roll back.
import { core, MemoryRepository, badRequest, notFound, OperationOutcomeError } from './medplum.mjs';
import { isUnchanged, stamp, visible } from './metadata.mjs';
import { validateResource } from './profiles.mjs';
import { SearchIndex } from './search_index.mjs';
import { findPage, linksOf, withKnownIncludes } from './search.mjs';
import { state } from './state.mjs';

const SYSTEM = { author: { reference: 'system' }, isExtended: true };
const fail = (outcome) => {
  throw new OperationOutcomeError(outcome);
};

export class Store extends MemoryRepository {
  caller = SYSTEM;
  index = new SearchIndex();
  journal = undefined; // undo steps while a transaction runs

  /** The same store as one caller sees it: {author, project, onBehalfOf, isExtended, base}. */
  as(caller) {
    const view = Object.create(this);
    view.caller = caller;
    view.root = this.root ?? this;
    return view;
  }

  clear() {
    super.clear();
    this.index.clear();
  }

  find(type, id) {
    return this.resources.get(type)?.get(id);
  }

  async readResource(type, id) {
    core.validateResourceType(type);
    const found = core.isUUID(id) ? this.find(type, id) : undefined;
    return found ? this.show(found) : fail(this.versionsOf(type, id) ? core.gone : notFound);
  }

  async readVersion(type, id, versionId) {
    core.validateResourceType(type);
    const version = this.versionsOf(type, id)?.find((v) => v.meta.versionId === versionId);
    return version?.deleted ? fail(core.gone) : this.show(version ?? fail(notFound));
  }

  async readHistory(type, id, { offset = 0, limit = 100 } = {}) {
    core.validateResourceType(type);
    const versions = this.versionsOf(type, id) ?? fail(notFound);
    const page = [...versions].reverse().slice(offset, offset + Math.min(limit, 1000));
    const entry = page.map((version) => this.historyEntry(type, id, version));
    return { resourceType: 'Bundle', type: 'history', entry };
  }

  historyEntry(type, id, version) {
    const entry = {
      fullUrl: this.urlOf(type, id),
      request: { method: 'GET', url: `${type}/${id}/_history/${version.meta.versionId}` },
    };
    if (!version.deleted) {
      return { ...entry, response: { status: '200' }, resource: this.show(version) };
    }
    const details = { text: `Deleted on ${version.meta.lastUpdated}` };
    const outcome = { ...core.gone, issue: [{ severity: 'error', code: 'deleted', details }] };
    return { ...entry, response: { status: '410', outcome } };
  }

  createResourceSync(resource, options) {
    const id = (options?.assignedId && resource.id) || this.generateId();
    if (!core.isUUID(id)) {
      fail(badRequest('Invalid id'));
    }
    if (options?.assignedId && this.versionsOf(resource.resourceType, id)) {
      fail(badRequest('Assigned ID is already in use'));
    }
    return this.write({ ...core.deepClone(resource), id }, undefined);
  }

  async updateResource(resource, options) {
    refuseConflict();
    const { resourceType: type, id } = resource;
    if (!core.isUUID(id ?? '')) {
      fail(badRequest('Invalid id'));
    }
    core.validateResourceType(type);
    const existing = this.find(type, id);
    if (!existing && !this.versionsOf(type, id)) {
      fail(notFound);
    }
    if (options?.ifMatch && existing?.meta.versionId !== options.ifMatch) {
      fail(core.preconditionFailed);
    }
    return this.write(core.deepClone(resource), existing);
  }

  /** If-Match is ignored here, as Medplum does; a test in the patch itself guards it. */
  async patchResource(type, id, patch) {
    refuseConflict();
    const found = await this.readResource(type, id);
    const resource = core.deepClone(found);
    try {
      if (Array.isArray(patch)) {
        const errors = core.applyPatch(resource, patch).filter(Boolean);
        errors.length && fail(badRequest(errors.map((error) => error.message).join('\n')));
      } else {
        core.fhirpathPatchTypedValue(
          core.toTypedValue(resource),
          core.parseFhirPathPatchParameters(patch),
        );
      }
    } catch (error) {
      fail(core.normalizeOperationOutcome(error));
    }
    if (resource.id !== id || resource.resourceType !== type) {
      fail(badRequest('Incorrect resource ID'));
    }
    return this.write(resource, this.find(type, id));
  }

  async deleteResource(type, id, options) {
    core.validateResourceType(type);
    const existing = this.find(type, id);
    if (!existing) {
      return this.versionsOf(type, id) ? undefined : fail(notFound);
    }
    if (options?.ifMatch && existing.meta.versionId !== options.ifMatch) {
      fail(core.preconditionFailed);
    }
    const meta = { versionId: core.generateId(), lastUpdated: new Date().toISOString() };
    return this.put(type, id, { resourceType: type, id, meta, deleted: true });
  }

  async expungeResources(type, ids) {
    for (const id of ids) {
      const existing = this.find(type, id);
      existing && this.index.remove(existing);
      this.resources.get(type)?.delete(id);
      this.history.get(type)?.delete(id);
    }
  }

  searchSync(request) {
    const { matched, page } = findPage(this, request);
    const entry = page.map((resource) => ({
      fullUrl: this.urlOf(resource.resourceType, resource.id),
      search: { mode: 'match' },
      resource: this.show(resource),
    }));
    return {
      resourceType: 'Bundle',
      type: 'searchset',
      entry: entry.length ? entry : undefined,
      total: matched.length,
    };
  }

  async search(request, options) {
    const sought = { count: 20, ...request };
    const bundle = await super.search(withKnownIncludes(sought));
    const link = options?.resourceOnly ? undefined : linksOf(this, sought, bundle);
    for (const entry of bundle.entry ?? []) {
      entry.fullUrl ??= this.urlOf(entry.resource.resourceType, entry.resource.id);
      if (request.fields) {
        entry.resource = core.subsetResource(entry.resource, request.fields);
      }
    }
    const isCounted = ['accurate', 'estimate'].includes(request.total);
    return { ...bundle, link, total: isCounted ? bundle.total : undefined };
  }

  async withTransaction(callback) {
    const root = this.root ?? this;
    if (root.journal) {
      return callback(this);
    }
    root.journal = [];
    try {
      return await callback(this);
    } catch (error) {
      root.journal.reverse().forEach((undo) => undo());
      throw error;
    } finally {
      root.journal = undefined;
    }
  }

  write(resource, existing) {
    validateResource(resource, this);
    const stamped = stamp(resource, existing, this.caller);
    if (existing && isUnchanged(stamped, existing)) {
      return this.show(existing);
    }
    this.put(resource.resourceType, resource.id, JSON.parse(core.stringify(stamped)));
    return this.show(this.find(resource.resourceType, resource.id));
  }

  /** Make this the newest version. Every change of the data goes through here or expunge. */
  put(type, id, version) {
    const before = this.find(type, id);
    const versions = listIn(this.history, type, id);
    versions.push(version);
    this.place(type, id, version.deleted ? undefined : version);
    (this.root ?? this).journal?.push(() => {
      versions.pop();
      versions.length || this.history.get(type).delete(id);
      this.place(type, id, before);
    });
  }

  place(type, id, resource) {
    const before = this.find(type, id);
    before && this.index.remove(before);
    if (!resource) {
      this.resources.get(type)?.delete(id);
      return;
    }
    this.resources.has(type) || this.resources.set(type, new Map());
    this.resources.get(type).set(id, resource);
    this.index.add(resource);
  }

  versionsOf(type, id) {
    return this.history.get(type)?.get(id);
  }

  show(resource) {
    return visible(resource, this.caller.isExtended);
  }

  urlOf(type, id) {
    return `${this.caller.base ?? ''}fhir/R4/${type}/${id}`;
  }
}

function refuseConflict() {
  if (state.config.conflicts > 0) {
    state.config.conflicts -= 1;
    fail(core.conflict('could not serialize access due to concurrent update', '40001'));
  }
}

function listIn(maps, type, id) {
  maps.has(type) || maps.set(type, new Map());
  const lists = maps.get(type);
  lists.has(id) || lists.set(id, []);
  return lists.get(id);
}
