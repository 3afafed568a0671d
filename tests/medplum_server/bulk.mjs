// Bulk export: kick-off, status with an empty body until it is done, manifest, cancellation.
import { core, allOk, notFound } from './medplum.mjs';
import { patientsOf, visible } from './metadata.mjs';
import { presign } from './storage.mjs';
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

export const exportSystem = (req) => kickOff(req, () => true);

export const exportPatients = (req) => kickOff(req, (resource) => patientsOf(resource).length > 0);

/** Medplum reads the id of a POST from the body, not from the path. */
export function exportGroup(req, repo) {
  const id = req.method === 'POST' ? (req.body?.id ?? argument(req, 'id')) : req.params.id;
  return exportGroupById(req, repo, id);
}

async function exportGroupById(req, repo, id = '') {
  const group = await repo.readResource('Group', id);
  const members = new Set((group.member ?? []).map((member) => member.entity.reference));
  return kickOff(
    req,
    (resource) =>
      patientsOf(resource).some((patient) => members.has(patient)) ||
      members.has(`${resource.resourceType}/${resource.id}`),
  );
}

function argument(req, name) {
  const given = (req.body?.parameter ?? []).find((parameter) => parameter.name === name) ?? {};
  const [value] = Object.entries(given)
    .filter(([key]) => key.startsWith('value'))
    .map(([, v]) => v);
  return value ?? [req.query?.[name]].flat().filter(Boolean).join(',');
}

function kickOff(req, isWanted) {
  const { call } = req.config;
  const types = String(argument(req, '_type') || '')
    .split(',')
    .filter(Boolean);
  const since = argument(req, '_since') || '';
  const id = core.generateId();
  const output = [...store.resources.keys()]
    .filter((type) => !NOT_EXPORTED.has(type) && (!types.length || types.includes(type)))
    .map((type) => [
      type,
      [...store.resources.get(type).values()].filter(
        (resource) => resource.meta.lastUpdated >= since && isWanted(resource),
      ),
    ])
    .filter(([, resources]) => resources.length)
    .map(([type, resources]) => ({ type, url: writeFile(id, type, resources) }));
  const manifest = {
    transactionTime: new Date().toISOString(),
    request: call.origin + call.target.slice(1),
    requiresAccessToken: false,
    output,
    error: [],
    deleted: [],
  };
  state.exports.set(id, { polls: 0, manifest });
  return [core.accepted(`${call.origin}fhir/R4/bulkdata/export/${id}`)];
}

function writeFile(id, type, resources) {
  const path = `storage/export-${id}/${type}.ndjson`;
  const lines = resources.map((resource) => `${JSON.stringify(visible(resource, false))}\n`);
  state.files.set(path, { type: 'application/fhir+ndjson', bytes: Buffer.from(lines.join('')) });
  return presign(path);
}

export function exportStatus(req) {
  const found = state.exports.get(req.params.id);
  if (!found) {
    return [notFound];
  }
  found.polls += 1;
  if (found.cancelled || found.polls <= state.config.exportPolls) {
    return [core.accepted('export'), undefined, { isEmpty: true }];
  }
  return [allOk, found.manifest, { contentType: 'application/json' }];
}

export function cancelExport(req) {
  const found = state.exports.get(req.params.id);
  if (!found) {
    return [notFound];
  }
  found.cancelled = true;
  return [core.accepted('export'), undefined, { isEmpty: true }];
}
