// _control/*: how a test steers the server. JSON in, JSON out; reached on loopback only.
//
// POST reset                   everything as new: resources, tokens, faults, counters, config
// POST seed {resources: [..]}  store resources under their own ids, whatever the rules for clients
// GET  config                  the configuration; POST config {..} changes the keys it names:
//   accessTokenLifetime 3600        seconds; a client's own accessTokenLifetime goes before it
//   clientCredentialsRefresh false  client_credentials gives a refresh token too
//   grantedScope null               what every token is granted, whatever was asked for
//   replayedAssertions false        a client assertion's `jti` may come again
//   jwksCache 300                   seconds that a fetched JWKS is kept; an unknown `kid` has it
//                                   fetched again, and so has POST jwks
//   authorizeAs null                the e-mail of a user (info tells them): oauth2/authorize signs
//                                   that user in and redirects at once; "denied": access_denied.
//                                   redirect_uri must be one of the client's redirectUris
//   links "absolute"                search links: absolute | path | relative | foreign
//   jobPolls 1, jobFailure false    polls that answer 202 before a job's end; end in error
//   exportPolls 1                   the same for bulk exports
//   exportDialect "medplum"         "ig": as in Bulk Data Access STU 2: X-Progress and Retry-After
//                                   while running, counts, deleted files (with _since), _until,
//                                   _typeFilter, _elements, patient, includeAssociatedData, 400 for
//                                   other parameters (an error line with Prefer: handling=lenient),
//                                   404 after DELETE; metadata lists every level. It is chosen at
//                                   the kick-off
//   exportRetryAfter 1              seconds (or a date as text); null leaves the header out
//   exportFails false               the polls end in 500 with an OperationOutcome
//   exportErrors 0                  lines of the error file
//   exportLinesPerFile null         a type with more lines has several files
//   exportCounts null               `count` of each file: true, false, "wrong" (one too many);
//                                   null: only in the dialect "ig" and for a folder
//   exportPages 1                   pages of the manifest, linked as `next`
//   exportToken false               requiresAccessToken, and files on the server's own origin that
//                                   need the token. It is chosen at the kick-off
//   exportElsewhere false           with exportToken: on the storage origin, and needing the token
//   exportGzip false                "encoding": files have Content-Encoding gzip when accepted
//   manifestPatch null              members that replace the manifest's
//   linkLifetime 3600               seconds of a presigned link; then it answers 403
//   expiredManifests 0              the links of the next N manifests have expired already
//   transactions true               the project's feature; false runs a transaction as a batch
//   conflicts 0                     the next N PUT or PATCH answer 409 with code 40001
//   throttledEntries 0              the next N entries of batches have status 429
//   maxBody 1048576                 bytes of a body
//   slow 50                         milliseconds of a `slow` fault, and of a fault's 429
//   limits {requests 60000, fhirInteractions 5000000, window 60 (seconds), enforced false,
//           reset "diagnostics" | "extension" (where a 429 says when to come back)}
// POST faults {..} or [{..}]   replace the faults; DELETE faults ends them. One fault:
//   kinds [..]     one is drawn per struck call. A name may end in -before (nothing was done; the
//                  default) or -after (the server has done its work and committed):
//                  drop, reset-headers (half a header, then gone), truncate-body (always after),
//                  short-body (always after; half the body as if it were all), 403 (XML),
//                  429, 500 ({"msg"}), 502, 503, 504 (HTML), html-error (500), html-ok (200),
//                  empty-error (500), incomplete-json (200), empty-object (200), slow, hang
//   rate 1, seed 1, times (how often at most), method ("GET" or a list),
//   path (regular expression on path?query without the first slash; default "^fhir/"), slow (ms),
//   retryAfter (the Retry-After header of the answer),
//   origin "server" | "storage" (strikes the storage origin; its default path is every one)
// POST script {..} or [{..}]   answers for the next calls, in order; DELETE script. One step:
//   status 200, headers {}, json | text | base64, type, delay (ms), drop (no answer at all),
//   commit (do the work first), method, path, times 1
// POST tokens {..}             lifetime (seconds), revoke (true: every access token),
//   revokeRefresh (true: every refresh token), fault (a kind of fault for the token endpoint;
//   null ends it), times, slow
// POST jwks {keys, name?, client?}  publish public keys on the storage origin -> {url}; the same
//                              name replaces them. client: a ClientApplication's id, whose jwksUri
//                              is set to the url (a FHIR update does it too)
// POST export-folder {folder, types?}  the next exports list the <Type>.<n>.ndjson files of a
//                              folder on disk, streamed; counts.json there ({name: lines}) gives
//                              their counts. {folder: null} ends it
// POST expire-links            every presigned link that was given answers 403 from now on
// GET  counters                {total, tokens, byRoute, byStatus, active, peak, faults, examined
//                              (resources that searches looked at), storage (requests there)};
//                              DELETE counters zeroes them and empties both logs
// GET  requests                the last 2000 requests: {method, target, headers, status}
// GET  storage                 {authorized (whether any request to the storage origin had the
//                              header), requests: [{method, path, authorization, headers, status,
//                              isWhole}]}, the last 5000; status comes when the answer has ended
// GET  mails                   what email/v1/send was given
// GET  info                    {projectId, clientId, clientSecret, keyClientId (a client without a
//                              secret, for private_key_jwt), membershipIds, users, ...}
import { existsSync } from 'node:fs';
import { refuseUnknownKinds } from './faults.mjs';
import { json, readJson, unknownPath } from './http.mjs';
import { publish } from './jwks.mjs';
import * as seeds from './seeds.mjs';
import { resetCounters, state } from './state.mjs';
import { storageUrl } from './storage.mjs';
import { resetWorld, store, system } from './world.mjs';

const TOKEN_PATH = '^oauth2/token';

const ROUTES = {
  'POST reset': () => resetWorld(),
  'POST seed': ({ resources }) => seed(resources),
  'GET config': () => state.config,
  'POST config': configure,
  'POST faults': (body) => setFaults([body].flat()),
  'DELETE faults': () => setFaults([]),
  'POST script': (body) => void state.script.push(...[body].flat()),
  'DELETE script': () => void (state.script = []),
  'POST tokens': steerTokens,
  'POST jwks': publishKeys,
  'POST export-folder': setExportFolder,
  'POST expire-links': () => void (state.linkTurn += 1),
  'GET counters': () => state.counters,
  'DELETE counters': () => resetCounters(),
  'GET requests': () => state.log,
  'GET storage': () => ({
    authorized: state.isStorageAuthorized,
    requests: state.storageLog,
  }),
  'GET mails': () => state.mails,
  'GET info': info,
};

export async function answerControl(call) {
  const run = ROUTES[`${call.method} ${call.path.slice('_control/'.length)}`];
  if (!run) {
    return unknownPath(call);
  }
  try {
    return json(200, (await run(readJson(call) ?? {})) ?? {});
  } catch (error) {
    return json(400, { error: error.message });
  }
}

function configure(changes) {
  const unknown = Object.keys(changes).filter((key) => !(key in state.config));
  if (unknown.length) {
    throw new SyntaxError(`unknown config ${unknown}`);
  }
  const limits = { ...state.config.limits, ...changes.limits };
  Object.assign(state.config, changes, { limits });
  if (changes.limits) {
    state.usage = { start: Date.now(), requests: 0, fhirInteractions: 0 };
  }
  return state.config;
}

function setFaults(faults) {
  faults.forEach((fault) => refuseUnknownKinds(fault.kinds));
  state.faults = faults.map((fault) => ({ ...fault }));
}

async function seed(resources) {
  for (const resource of resources) {
    await system().createResourceSync(resource, { assignedId: true });
  }
  return { created: resources.length };
}

function steerTokens({ lifetime, revoke, revokeRefresh, fault, times, slow }) {
  if (lifetime !== undefined) {
    state.config.accessTokenLifetime = lifetime;
  }
  if (revoke) {
    state.tokens.clear();
  }
  if (revokeRefresh) {
    state.refreshTokens.clear();
  }
  if (fault !== undefined) {
    state.faults = state.faults.filter(({ path }) => path !== TOKEN_PATH);
  }
  if (fault) {
    refuseUnknownKinds([fault]);
    state.faults.push({ kinds: [fault], path: TOKEN_PATH, times, slow });
  }
}

function setExportFolder({ folder, types }) {
  if (folder && !existsSync(folder)) {
    throw new SyntaxError(`no such folder ${folder}`);
  }
  state.exportFolder = folder ? { folder, types } : null;
}

async function publishKeys({ keys, name = 'keys', client }) {
  const url = storageUrl(publish(keys, name));
  if (client) {
    const known = store.find('ClientApplication', client);
    if (!known) {
      throw new SyntaxError(`unknown client ${client}`);
    }
    await system().updateResource({ ...known, jwksUri: url });
  }
  return { url };
}

function info() {
  return {
    projectId: seeds.PROJECT,
    clientId: seeds.CLIENT,
    clientSecret: seeds.CLIENT_SECRET,
    keyClientId: seeds.KEY_CLIENT,
    membershipIds: seeds.MEMBERSHIPS,
    profiles: seeds.PROFILES,
    users: { admin: seeds.ADMIN_EMAIL, doctor: seeds.DOCTOR_EMAIL, password: seeds.PASSWORD },
  };
}
