// Everything the server remembers beside the resources. `resetState` makes it as new.
import { randomBytes } from 'node:crypto';

/** What `POST _control/config` changes; control.mjs describes each. */
const DEFAULTS = {
  accessTokenLifetime: 3600,
  clientCredentialsRefresh: false,
  grantedScope: null,
  replayedAssertions: false,
  jwksCache: 300,
  authorizeAs: null,
  links: 'absolute',
  jobPolls: 1,
  jobFailure: false,
  exportPolls: 1,
  exportDialect: 'medplum',
  exportRetryAfter: 1,
  exportFails: false,
  exportToken: false,
  exportElsewhere: false,
  exportCounts: null,
  exportErrors: 0,
  exportLinesPerFile: null,
  exportPages: 1,
  exportGzip: false,
  manifestPatch: null,
  linkLifetime: 3600,
  expiredManifests: 0,
  transactions: true,
  conflicts: 0,
  throttledEntries: 0,
  maxBody: 1048576,
  slow: 50,
  limits: {
    requests: 60000,
    fhirInteractions: 5000000,
    window: 60,
    enforced: false,
    reset: 'diagnostics',
  },
};

export const state = {};

export function resetState() {
  Object.assign(state, {
    config: structuredClone(DEFAULTS),
    secret: state.secret ?? randomBytes(32), // URLs and tokens stay verifiable over a reset
    tokens: new Map(), // access token -> session
    refreshTokens: new Map(), // refresh token -> session
    logins: new Map(), // login id -> session that waits for its code to be used
    codes: new Map(), // authorization code -> session
    assertions: new Map(), // `client jti` of a used assertion -> its exp
    published: new Map(), // path on the storage origin -> JWKS
    keySets: new Map(), // jwksUri -> {keys, fetched}
    passwords: new Map(), // User id -> password, for those who registered
    jobs: new Map(), // AsyncJob id -> {polls, done}
    exports: new Map(), // bulk export id -> what bulk.mjs knows of it
    exportFolder: null, // {folder, types} of the files that exports list
    files: new Map(), // path of an export's file -> {type, bytes | file and size, needsToken}
    linkTurn: 0, // presigned links of earlier turns have expired
    binaries: new Map(), // Binary id -> bytes
    values: new Map(), // key-value store
    usage: { start: Date.now(), requests: 0, fhirInteractions: 0 },
    faults: [],
    script: [],
    mails: [],
  });
  resetCounters();
}

export function resetCounters() {
  state.counters = {
    total: 0,
    tokens: 0,
    byRoute: {},
    byStatus: {},
    active: 0,
    peak: 0,
    faults: {},
    examined: 0, // resources that searches looked at
    storage: 0, // requests that reached the storage origin
  };
  state.log = []; // the last requests, oldest first
  state.storageLog = []; // the last requests that reached the storage origin
  state.isStorageAuthorized = false; // whether any of them had an Authorization header
}

resetState();
