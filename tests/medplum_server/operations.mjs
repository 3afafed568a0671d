// The table of operations, and those that any type has. `isAsync`: `Prefer: respond-async` gives a
// job. Levels and methods are Medplum's.
import { core, allOk, badRequest, OperationOutcomeError } from './medplum.mjs';
import { all, isSet, one, result } from './arguments.mjs';
import { AUTOMATION, executeCustom } from './automation.mjs';
import { cancelExport, exportGroup, exportPatients, exportStatus, exportSystem } from './bulk.mjs';
import { CLINICAL } from './clinical.mjs';
import { valuesOf } from './filters.mjs';
import { cancelJob, dropJob, jobStatus, startJob } from './jobs.mjs';
import { patientsOf } from './metadata.mjs';
import { PATIENT } from './patient.mjs';
import { validateResource } from './profiles.mjs';
import { TENANCY } from './tenancy.mjs';
import { TERMINOLOGY } from './terminology.mjs';
import { store, system } from './world.mjs';

const GENERIC = [
  { method: 'GET', path: '$export', run: exportSystem },
  { method: 'POST', path: '$export', run: exportSystem },
  { method: 'GET', path: 'Patient/$export', run: exportPatients },
  { method: 'POST', path: 'Patient/$export', run: exportPatients },
  { method: 'GET', path: 'Group/:id/$export', run: exportGroup },
  { method: 'POST', path: 'Group/:id/$export', run: exportGroup },
  { method: 'GET', path: 'bulkdata/export/:id', run: exportStatus },
  { method: 'DELETE', path: 'bulkdata/export/:id', run: cancelExport },
  { method: 'GET', path: 'job/:id/status', run: jobStatus },
  { method: 'DELETE', path: 'job/:id/status', run: dropJob },
  { method: 'POST', path: 'AsyncJob/:id/$cancel', run: cancelJob },
  { method: 'POST', path: ':resourceType/$validate', run: validate },
  { method: 'GET', path: ':resourceType/$csv', run: exportCsv },
  { method: 'GET', path: ':resourceType/:id/$graph', run: graph },
  { method: 'POST', path: ':resourceType/:id/$set-accounts', run: setAccounts },
  { method: 'POST', path: ':resourceType/:id/$expunge', run: expunge },
  { method: 'POST', path: ':resourceType/:id/$reindex', run: acknowledge, isAsync: true },
  { method: 'POST', path: ':resourceType/:id/$resend', run: acknowledge },
];

export const OPERATIONS = [
  ...GENERIC,
  ...PATIENT,
  ...TERMINOLOGY,
  ...AUTOMATION,
  ...TENANCY,
  ...CLINICAL,
];

/** Any `$code` whose OperationDefinition points to a Bot; undefined when there is none. */
export async function customOperation(req, repo) {
  const code = /\$([\w-]+)$/.exec(req.url.split('?')[0])?.[1];
  return code && executeCustom(code, req, repo);
}

async function acknowledge(req, repo) {
  await repo.readResource(req.params.resourceType, req.params.id);
  return [allOk];
}

/** The bare resource is what Medplum validates, not a Parameters around it. */
function validate(req, repo) {
  if (req.body?.resourceType !== req.params.resourceType) {
    return [badRequest('Incorrect resource type')];
  }
  validateResource(req.body, repo);
  return [allOk];
}

async function exportCsv(req, repo) {
  const { _fields, _count, ...query } = req.query; // _count is ignored, as Medplum does
  const request = core.parseSearchRequest(req.params.resourceType, query);
  const found = await repo.searchResources({ ...request, count: 1000 });
  const columns = String(_fields ?? 'id,_lastUpdated').split(',');
  const lines = found.map((resource) =>
    columns.map((column) => csvCell(resource, column)).join(','),
  );
  const data = Buffer.from([columns.map(quote).join(','), ...lines].join('\n')).toString('base64');
  return [allOk, { resourceType: 'Binary', contentType: 'text/csv', data }];
}

function csvCell(resource, column) {
  const parameter = core.getSearchParameter(resource.resourceType, column);
  const value =
    column in resource || !parameter ? resource[column] : valuesOf(resource, parameter)[0]?.value;
  return quote(typeof value === 'object' ? JSON.stringify(value) : value);
}

const quote = (value) => `"${String(value ?? '').replaceAll('"', '""')}"`;

/** The resource and those that it refers to. */
async function graph(req, repo) {
  if (!one(req, 'graph')) {
    return [badRequest("Expected at least 1 value(s) for required input parameter 'graph'")];
  }
  const start = await repo.readResource(req.params.resourceType, req.params.id);
  const references = [...JSON.stringify(start).matchAll(/"reference":"(\w+)\/([\w-]+)"/g)];
  const others = references.map(([, type, id]) => store.find(type, id)).filter(Boolean);
  const resources = [...new Map([start, ...others].map((r) => [r.id, repo.show(r)])).values()];
  return [
    allOk,
    {
      resourceType: 'Bundle',
      type: 'collection',
      entry: resources.map((resource) => ({ resource })),
    },
  ];
}

/** Asynchronous only when it propagates. */
async function setAccounts(req, repo) {
  const { resourceType, id } = req.params;
  const target = await repo.readResource(resourceType, id);
  const { call, caller } = req.config;
  if (!caller.isAdmin) {
    return [core.forbidden];
  }
  const accounts = all(req, 'accounts');
  const propagate = isSet(req, 'propagate');
  const run = async () => {
    const members = propagate ? compartmentOf(target) : [];
    const targets = [store.find(resourceType, id), ...members];
    targets.forEach((resource) => writeAccounts(resource, accounts, call.origin));
    return result({ resourcesUpdated: { valueInteger: targets.length } });
  };
  if (propagate && call.headers.prefer === 'respond-async') {
    return startJob(call, caller, run);
  }
  return [allOk, await run()];
}

function writeAccounts(resource, accounts, base) {
  const { account, accounts: before, ...meta } = resource.meta;
  const next = accounts.length ? { account: accounts[0], accounts } : {};
  system(base).write({ ...resource, meta: { ...meta, ...next } }, undefined);
}

function compartmentOf({ resourceType, id }) {
  const own = `${resourceType}/${id}`;
  return [...store.resources.values()]
    .flatMap((resources) => [...resources.values()])
    .filter((resource) => resource.id !== id && patientsOf(resource).includes(own));
}

async function expunge(req, repo) {
  const { resourceType, id } = req.params;
  const { call, caller } = req.config;
  if (!caller.isAdmin) {
    return [core.forbidden];
  }
  if (!store.versionsOf(resourceType, id)) {
    throw new OperationOutcomeError(core.notFound);
  }
  if (!isSet(req, 'everything')) {
    await repo.expungeResources(resourceType, [id]);
    return [allOk];
  }
  return startJob(call, caller, async () => {
    const members = compartmentOf({ resourceType, id });
    for (const member of members) {
      await store.expungeResources(member.resourceType, [member.id]);
    }
    await store.expungeResources(resourceType, [id]);
    return result({ deleted: { valueInteger: members.length + 1 } });
  });
}
