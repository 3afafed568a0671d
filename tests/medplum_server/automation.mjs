// Bots, agents and custom operations. A bot's code is JavaScript run with node:vm.
import { createContext, runInContext } from 'node:vm';
import { core, allOk, badRequest, notFound, OperationOutcomeError } from './medplum.mjs';
import { one, result } from './arguments.mjs';
import { storeBinary } from './binary.mjs';
import { state } from './state.mjs';
import { store } from './world.mjs';

const IMPLEMENTATION =
  'https://medplum.com/fhir/StructureDefinition/operationDefinition-implementation';
const DEADLINE = 5000; // ms for one execution

const execute = ['GET', 'POST'].flatMap((method) =>
  ['Bot/$execute', 'Bot/:id/$execute', 'Bot/:id/$execute/:a', 'Bot/:id/$execute/:a/:b'].map(
    (path) => ({ method, path, run: executeBot, isAsync: true }),
  ),
);

const agent = (method, name, run) => ({ method, path: `Agent/:id/${name}`, run });

export const AUTOMATION = [
  ...execute,
  { method: 'POST', path: 'Bot/:id/$deploy', run: deploy },
  agent('GET', '$status', agentStatus),
  agent('POST', '$status', agentStatus),
  agent('GET', '$reload-config', agentDone),
  agent('POST', '$reload-config', agentDone),
  agent('GET', '$upgrade', agentDone),
  agent('POST', '$upgrade', agentDone),
  agent('GET', '$fetch-logs', agentLogs),
  agent('POST', '$fetch-logs', agentLogs),
  agent('POST', '$push', push),
  { method: 'GET', path: 'Agent/$bulk-status', run: bulkStatus },
];

async function deploy(req, repo) {
  const bot = await repo.readResource('Bot', req.params.id);
  const code = req.body?.code;
  if (!code) {
    return [badRequest('Missing code')];
  }
  const filename = req.body.filename ?? 'index.cjs';
  const written = await storeBinary(repo, 'application/octet-stream', code);
  const executableCode = {
    contentType: 'text/javascript',
    url: `Binary/${written.id}`,
    title: filename,
  };
  await repo.updateResource({ ...bot, executableCode });
  return [allOk];
}

async function executeBot(req, repo) {
  const bot = await findBot(req, repo);
  return runBot(bot, req, repo);
}

async function findBot(req, repo) {
  if (req.params.id) {
    return repo.readResource('Bot', req.params.id);
  }
  const identifier = [req.query.identifier].flat()[0];
  const search = core.parseSearchRequest('Bot', { identifier: identifier ?? '' });
  const bot = identifier && (await repo.searchOne(search));
  return bot || fail(identifier ? notFound : badRequest('Must specify bot ID or identifier.'));
}

const fail = (outcome) => {
  throw new OperationOutcomeError(outcome);
};

export async function runBot(bot, req, repo) {
  const id = bot.executableCode?.url?.split('/')[1];
  const code = id ? state.binaries.get(id)?.toString('utf8') : undefined;
  if (code === undefined) {
    return [badRequest('Bots not enabled or bot has no code')];
  }
  let value;
  try {
    value = await withDeadline(callHandler(code, eventOf(bot, req), clientOf(repo)));
  } catch (error) {
    return [badRequest(String(error?.message ?? error))];
  }
  return answerWith(value);
}

function answerWith(value) {
  if (value === undefined || value === null) {
    return [allOk];
  }
  if (typeof value === 'object') {
    const copy = JSON.parse(JSON.stringify(value)); // out of the vm's realm
    return copy.resourceType ? [allOk, copy] : [allOk, copy, { contentType: 'application/json' }];
  }
  const isText = typeof value === 'string';
  const bytes = Buffer.from(isText ? value : JSON.stringify(value));
  return [
    allOk,
    undefined,
    { bytes, contentType: isText ? 'text/plain; charset=utf-8' : 'application/json' },
  ];
}

function eventOf(bot, req) {
  const { headers, caller } = req.config.call;
  const input = req.method === 'GET' ? { ...req.query } : req.body;
  return {
    bot: { reference: `Bot/${bot.id}` },
    contentType: headers['content-type'] ?? 'application/fhir+json',
    input,
    secrets: {},
    headers,
    requester: caller.author,
  };
}

function callHandler(code, event, client) {
  const silent = () => undefined;
  const exports = {};
  const sandbox = createContext({
    exports,
    module: { exports },
    medplum: client,
    setTimeout,
    URL,
    Buffer,
    event,
    console: { log: silent, info: silent, warn: silent, error: silent },
    require: (name) =>
      name === '@medplum/core' ? core : fail(badRequest(`Cannot find module '${name}'`)),
  });
  runInContext(code, sandbox, { timeout: DEADLINE });
  if (!(sandbox.module.exports.handler ?? exports.handler)) {
    throw new Error('Bot has no handler');
  }
  return runInContext('(module.exports.handler ?? exports.handler)(medplum, event)', sandbox);
}

/** What of MedplumClient a bot may call, on the caller's repository. */
function clientOf(repo) {
  return {
    createResource: (resource) => repo.createResource(resource),
    readResource: (type, id) => repo.readResource(type, id),
    readReference: (reference) => repo.readReference(reference),
    updateResource: (resource) => repo.updateResource(resource),
    patchResource: (type, id, patch) => repo.patchResource(type, id, patch),
    deleteResource: (type, id) => repo.deleteResource(type, id),
    search: (type, query) => repo.search(core.parseSearchRequest(`${type}?${query ?? ''}`)),
    searchResources: (type, query) =>
      repo.searchResources(core.parseSearchRequest(`${type}?${query ?? ''}`)),
    searchOne: (type, query) => repo.searchOne(core.parseSearchRequest(`${type}?${query ?? ''}`)),
  };
}

async function withDeadline(promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error('Bot execution timed out')), DEADLINE);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The answer of the Bot behind `$code`, or undefined when no OperationDefinition names one. */
export async function executeCustom(code, req, repo) {
  const definitions = [...(store.resources.get('OperationDefinition')?.values() ?? [])];
  const found = definitions.find((definition) => definition.code === code);
  const reference = found?.extension?.find((e) => e.url === IMPLEMENTATION)?.valueReference;
  return reference && runBot(await repo.readReference(reference), req, repo);
}

const status = { status: { valueCode: 'unknown' }, version: { valueString: 'unknown' } };

async function agentStatus(req, repo) {
  await repo.readResource('Agent', req.params.id);
  return [allOk, result(status)];
}

async function agentDone(req, repo) {
  await repo.readResource('Agent', req.params.id);
  return [allOk];
}

async function agentLogs(req, repo) {
  await repo.readResource('Agent', req.params.id);
  return [allOk, result({ logs: { valueString: '' } })];
}

async function push(req, repo) {
  await repo.readResource('Agent', req.params.id);
  const body = one(req, 'body');
  const destination = one(req, 'destination');
  if (!body || !destination) {
    return [badRequest(`Missing ${body ? 'destination' : 'body'} parameter`)];
  }
  if (![true, 'true'].includes(one(req, 'waitForResponse'))) {
    return [allOk];
  }
  return [
    allOk,
    undefined,
    { bytes: Buffer.from(body), contentType: one(req, 'contentType') ?? 'text/plain' },
  ];
}

async function bulkStatus(req, repo) {
  const agents = await repo.searchResources(core.parseSearchRequest('Agent', req.query));
  const entry = agents.map((found) => ({
    resource: {
      resourceType: 'Parameters',
      parameter: [
        { name: 'agent', resource: found },
        { name: 'result', resource: result(status) },
      ],
    },
  }));
  return [allOk, { resourceType: 'Bundle', type: 'collection', entry }];
}
