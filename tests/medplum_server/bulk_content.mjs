// What an export holds: the resources that were asked for, and those deleted since; or, where a test
// named a folder, its files.
import { readdirSync, statSync } from 'node:fs';
import { countsIn } from './files.mjs';
import { matches } from './filters.mjs';
import { patientsOf } from './metadata.mjs';
import { state } from './state.mjs';
import { store } from './world.mjs';

const NOT_EXPORTED = new Set([
  'Binary',
  'AsyncJob',
  'Login',
  'User',
  'Project',
  'ProjectMembership',
  'ClientApplication',
  'BulkDataExport',
  'Bot',
]);

/** [type, resources] of each type that has any. */
export function select(asked, isMember) {
  const isWanted = (resource) =>
    isMember(resource) && isInTime(resource, asked) && isPatients(resource, asked);
  const selected = typesOf(store.resources, asked).map((type) => [
    type,
    [...store.resources.get(type).values()].filter(
      (resource) => isWanted(resource) && passes(resource, asked.filters),
    ),
  ]);
  return [...selected, ...associated(selected, asked)].filter(([, found]) => found.length);
}

function typesOf(byType, { types }) {
  return [...byType.keys()].filter(
    (type) => !NOT_EXPORTED.has(type) && (!types.length || types.includes(type)),
  );
}

function isInTime({ meta }, { since, until, isGuides }) {
  if (!isGuides) {
    return meta.lastUpdated >= since;
  }
  const written = Date.parse(meta.lastUpdated);
  return (!since || written >= Date.parse(since)) && (!until || written <= Date.parse(until));
}

function isPatients(resource, { patients }) {
  return !patients.length || patientsOf(resource).some((patient) => patients.includes(patient));
}

/** Several filters of one type widen each other; a type without one is whole. */
function passes(resource, filters) {
  const own = filters.filter(({ resourceType }) => resourceType === resource.resourceType);
  const find = (type) => store.resources.get(type);
  return (
    !own.length ||
    own.some((request) => (request.filters ?? []).every((one) => matches(resource, one, find)))
  );
}

/** Provenance about what is exported, where it was asked for and isn't among it anyway. */
function associated(selected, { associated: codes }) {
  if (!codes.length || selected.some(([type]) => type === 'Provenance')) {
    return [];
  }
  const exported = new Set(selected.flatMap(([type, all]) => all.map(({ id }) => `${type}/${id}`)));
  const about = [...(store.resources.get('Provenance')?.values() ?? [])].filter(({ target }) =>
    target.some(({ reference }) => exported.has(reference)),
  );
  return [['Provenance', about]];
}

/** References of what was deleted since `_since`; without it a client has nothing to delete. */
export function tombstones(asked, isMember) {
  if (!asked.since) {
    return [];
  }
  return typesOf(store.history, asked).flatMap((type) =>
    [...store.history.get(type)]
      .filter(([, versions]) => {
        const last = versions.at(-1);
        return last.deleted && isInTime(last, asked) && isMember(versions.at(-2) ?? last);
      })
      .map(([id]) => `${type}/${id}`),
  );
}

/** The `<Type>.<n>.ndjson` files of the folder that a test named. */
export function filesOfFolder(id, asked) {
  const { folder, types } = state.exportFolder;
  const counts = countsIn(folder);
  const wanted = (type) => [types, asked].every((list) => !list?.length || list.includes(type));
  return readdirSync(folder)
    .map((name) => [name, /^([A-Z]\w*)(?:\..+)?\.ndjson$/.exec(name)?.[1]])
    .filter(([, type]) => type && wanted(type))
    .sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }))
    .map(([name, type]) => {
      const path = `storage/export-${id}/${name}`;
      const file = `${folder}/${name}`;
      const { size } = statSync(file);
      const needsToken = state.config.exportToken;
      state.files.set(path, { type: 'application/fhir+ndjson', file, size, needsToken });
      return { type, path, count: counts[name] ?? counts[name.replace(/\.ndjson$/, '')] };
    });
}
