// fhir/R4/*: from a call to the router and back. What the router lacks stands before it (sessions,
// limits, bodies, asynchronous work) or behind it (headers, tracing, conditional reads).
import { core, badRequest, FhirRouter, notFound, OperationOutcomeError } from './medplum.mjs';
import { readBinary, writeBinary } from './binary.mjs';
import { capabilityStatement } from './capability.mjs';
import { answerOf } from './fhir_answer.mjs';
import { hasType, readForm, readJson } from './http.mjs';
import { pollJob, startJob, parameters } from './jobs.mjs';
import { chargeInteraction, chargeRequest, tooMany } from './limits.mjs';
import { customOperation, OPERATIONS } from './operations.mjs';
import { callerOf, sessionOf } from './sessions.mjs';
import { state } from './state.mjs';
import { storeBinary } from './binary.mjs';
import { store } from './world.mjs';

const JSON_TYPES = ['application/json', 'application/fhir+json', 'application/json-patch+json'];
const BODY_METHODS = new Set(['POST', 'PUT', 'PATCH']);

const router = new FhirRouter();
for (const { method, path, run, isAsync } of OPERATIONS) {
  router.add(method, path, isAsync ? inBackgroundWhenAsked(run) : run);
}
for (const route of router.router.routes) {
  route.handler = charged(route.handler, route.data?.interaction);
}

export async function answerFhir(call) {
  if (call.method === 'HEAD') {
    return { status: 404 };
  }
  let result;
  try {
    result = await resultOf(call);
  } catch (error) {
    if (!(error instanceof OperationOutcomeError) && !(error instanceof SyntaxError)) {
      process.stderr.write(`${error.stack}\n`);
      return { status: 500, json: { msg: error.message } };
    }
    result = [core.normalizeOperationOutcome(error)];
  }
  return answerOf(call, result);
}

async function resultOf(call) {
  const path = call.path.slice('fhir/R4'.length).replace(/^\//, '');
  if (call.bytes.length > state.config.maxBody && !path.startsWith('Binary')) {
    return [badRequest('File too large')];
  }
  if (call.method === 'GET' && path === 'metadata') {
    return [core.allOk, capabilityStatement(call.origin)];
  }
  if (call.method === 'GET' && path === '$versions') {
    return [core.allOk, { versions: ['4.0'], default: '4.0' }, { contentType: 'application/json' }];
  }
  const session = sessionOf(call);
  if (!session) {
    return [core.unauthorized];
  }
  call.isMetered = true;
  chargeRequest();
  const caller = callerOf(session, call);
  call.caller = caller;
  return dispatch(call, path, store.as(caller), caller);
}

async function dispatch(call, path, repo, caller) {
  const [type, id, ...rest] = path.split('/');
  if (/%24/i.test(path)) {
    return [notFound];
  }
  if (type === 'Binary' && !rest.length && !id?.startsWith('$')) {
    const result = await answerBinary(call, repo, id);
    if (result) {
      return result;
    }
  }
  if (type === 'AsyncJob' && call.method === 'GET' && id) {
    await pollJob(id);
  }
  const request = {
    method: call.method,
    url: path + (call.target.includes('?') ? call.target.slice(call.target.indexOf('?')) : ''),
    pathname: '',
    body: bodyOf(call, path),
    params: {},
    query: {},
    headers: call.headers,
    config: { transactions: state.config.transactions, call, caller },
  };
  if (path === '' && call.method === 'POST' && isAsked(call)) {
    return startBatch(call, caller, repo, request);
  }
  if (isUnknownOperation(request)) {
    return (await customOperation(request, repo)) ?? [notFound];
  }
  return router.handleRequest(request, repo);
}

/** `$code` would otherwise pass for a resource type or an id. */
function isUnknownOperation({ method, url }) {
  const found = router.find(method, url);
  const isOperation = url.split('?')[0].includes('$');
  return !found || (isOperation && found.data.interaction !== 'operation');
}

function answerBinary(call, repo, id) {
  if (call.method === 'GET' && id) {
    return readBinary(call, repo, id);
  }
  const isWrite = (call.method === 'POST' && !id) || (call.method === 'PUT' && id);
  return isWrite ? writeBinary(call, repo, id) : undefined;
}

function bodyOf(call, path) {
  if (!BODY_METHODS.has(call.method)) {
    return undefined;
  }
  if (path.endsWith('/_search') && hasType(call, 'application/x-www-form-urlencoded')) {
    return readForm(call);
  }
  if (!call.bytes.length) {
    return {};
  }
  if (!hasType(call, ...JSON_TYPES)) {
    return path.includes('$') ? call.bytes.toString('utf8') : refuse('Unsupported content type');
  }
  let body;
  try {
    body = readJson(call);
  } catch {
    refuse('Content could not be parsed');
  }
  return body ?? refuse('Content could not be parsed');
}

function refuse(message) {
  throw new OperationOutcomeError(badRequest(message));
}

/** Medplum compares the header exactly: `respond-async, x` is ignored. */
const isAsked = (call) => call.headers.prefer === 'respond-async';

function startBatch(call, caller, repo, request) {
  if (request.body.type === 'transaction') {
    return [badRequest('Async transactions are not supported')];
  }
  return startJob(call, caller, async () => {
    const [outcome, bundle] = await router.handleRequest(request, repo);
    if (!core.isOk(outcome)) {
      throw new OperationOutcomeError(outcome);
    }
    const results = await storeBinary(repo, 'application/fhir+json', JSON.stringify(bundle));
    return parameters({ results: { valueReference: { reference: `Binary/${results.id}` } } });
  });
}

function inBackgroundWhenAsked(run) {
  return (req, repo, ...others) => {
    const { call, caller } = req.config;
    if (!isAsked(call)) {
      return run(req, repo, ...others);
    }
    return startJob(call, caller, async () => {
      const [outcome, resource] = await run(req, repo, ...others);
      const output = resource ?? outcome;
      return output.resourceType === 'Parameters'
        ? output
        : parameters({ outcome: { resource: output } });
    });
  };
}

/** The router calls handlers for single requests and for the entries of bundles alike. */
function charged(handler, interaction) {
  return (req, repo, itself, options) => {
    if (options?.batch && state.config.throttledEntries > 0) {
      state.config.throttledEntries -= 1;
      return [tooMany(1000)];
    }
    chargeInteraction(interaction);
    return handler(req, repo, itself, options);
  };
}
