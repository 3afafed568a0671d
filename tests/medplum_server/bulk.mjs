// Bulk export: kick-off, status, manifest, cancellation; in Medplum's dialect or in the one of the
// Bulk Data Access guide (STU 2).
import { core, allOk, badRequest, notFound } from './medplum.mjs';
import { dropFiles, writeErrors, writeTombstones, writeResources } from './bulk_files.mjs';
import { filesOfFolder, select, tombstones } from './bulk_content.mjs';
import { exportRequest } from './bulk_request.mjs';
import { one } from './arguments.mjs';
import { manifestOf } from './bulk_manifest.mjs';
import { patientsOf } from './metadata.mjs';
import { state } from './state.mjs';

const isPatients = (resource) => patientsOf(resource).length > 0;

export const exportSystem = (req) => kickOff(req, 'system', () => true);

export const exportPatients = (req) => kickOff(req, 'Patient', isPatients);

/** Medplum reads the id of a POST from the body, not from the path. */
export async function exportGroup(req, repo) {
  const isInBody = req.method === 'POST' && state.config.exportDialect === 'medplum';
  const id = isInBody ? (req.body?.id ?? one(req, 'id') ?? '') : req.params.id;
  const group = await repo.readResource('Group', id);
  const members = new Set((group.member ?? []).map((member) => member.entity.reference));
  return kickOff(
    req,
    'Group',
    (resource) =>
      patientsOf(resource).some((patient) => members.has(patient)) ||
      members.has(`${resource.resourceType}/${resource.id}`),
  );
}

function kickOff(req, level, isMember) {
  const { call } = req.config;
  const asked = exportRequest(req, level);
  if (asked.refusal) {
    return [badRequest(asked.refusal)];
  }
  const id = core.generateId();
  const entry = {
    polls: 0,
    dialect: state.config.exportDialect,
    transactionTime: new Date().toISOString(),
    request: call.origin + call.target.slice(1),
    requiresAccessToken: state.config.exportToken,
    isCounted: asked.isGuides || state.exportFolder !== null,
    status: `${call.origin}fhir/R4/bulkdata/export/${id}`,
    output: state.exportFolder
      ? filesOfFolder(id, asked.types)
      : writeResources(id, select(asked, isMember), asked),
    deleted: asked.isGuides ? writeTombstones(id, tombstones(asked, isMember)) : [],
    error: writeErrors(id, asked.ignored),
  };
  state.exports.set(id, entry);
  return [core.accepted(entry.status)];
}

export function exportStatus(req) {
  const found = state.exports.get(req.params.id);
  if (!found || (found.cancelled && found.dialect === 'ig')) {
    return [notFound];
  }
  const { exportPolls, exportFails } = state.config;
  found.polls += 1;
  if (found.cancelled || found.polls <= exportPolls) {
    const headers = found.dialect === 'ig' ? progressOf(found) : {};
    return [core.accepted('export'), undefined, { isEmpty: true, headers }];
  }
  if (exportFails) {
    return [core.serverError(new Error('The export was told to fail'))];
  }
  const { manifest, headers } = manifestOf(found, req.config.call.query);
  return [allOk, manifest, { contentType: 'application/json', headers }];
}

function progressOf({ polls }) {
  const { exportPolls, exportRetryAfter } = state.config;
  const percent = Math.floor((100 * polls) / (exportPolls + 1));
  return {
    'X-Progress': `${percent}% complete`,
    ...(exportRetryAfter === null ? {} : { 'Retry-After': String(exportRetryAfter) }),
  };
}

/** A guide's server forgets a cancelled export and its files; Medplum stays at 202 for ever. */
export function cancelExport(req) {
  const found = state.exports.get(req.params.id);
  if (!found || (found.cancelled && found.dialect === 'ig')) {
    return [notFound];
  }
  found.cancelled = true;
  if (found.dialect === 'ig') {
    dropFiles(req.params.id);
  }
  return [core.accepted('export'), undefined, { isEmpty: true }];
}
