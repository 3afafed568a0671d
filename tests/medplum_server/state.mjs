// Everything the server remembers beside the resources. `resetState` makes it as new.
import { randomBytes } from 'node:crypto';

/** What `POST _control/config` changes; control.mjs describes each. */
const DEFAULTS = {
  accessTokenLifetime: 3600,
  clientCredentialsRefresh: false,
  links: 'absolute',
  jobPolls: 1,
  jobFailure: false,
  exportPolls: 1,
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
    passwords: new Map(), // User id -> password, for those who registered
    jobs: new Map(), // AsyncJob id -> {polls, done}
    exports: new Map(), // bulk export id -> {polls, manifest, cancelled}
    files: new Map(), // path on the storage origin -> {type, bytes}
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
  };
  state.log = []; // the last requests, oldest first
  state.storageLog = []; // the requests that reached the storage origin
}

resetState();
