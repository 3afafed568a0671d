// JSON Web Key Sets: those that tests publish on the storage origin, and those that a client's
// jwksUri names, fetched from loopback and kept for a while.
import { state } from './state.mjs';

const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);
const FETCH_TIMEOUT = 5000; // milliseconds

/** Publish `keys`; returns their path on the storage origin. The kept copies are forgotten. */
export function publish(keys, name) {
  if (!Array.isArray(keys) || keys.some((key) => !key?.kty)) {
    throw new SyntaxError('keys must be a list of JWKs');
  }
  if (keys.some((key) => key.d || key.k)) {
    throw new SyntaxError('a published key must be a public one');
  }
  if (!/^[\w.-]+$/.test(name)) {
    throw new SyntaxError('name must be of letters, digits, ".", "_" and "-"');
  }
  const path = `jwks/${name}.json`;
  state.published.set(path, { keys });
  state.keySets.clear();
  return path;
}

export function published(path) {
  return state.published.get(path);
}

/** The keys that could have signed; a `kid` that is not among the kept keys has them fetched. */
export async function keysFor(url, header) {
  const kept = state.keySets.get(url);
  const isFresh = kept && kept.fetched + state.config.jwksCache * 1000 > Date.now();
  const found = isFresh ? fitting(kept.keys, header) : [];
  return found.length ? found : fitting(await fetchKeys(url), header);
}

async function fetchKeys(url) {
  if (!LOOPBACK.has(new URL(url).hostname)) {
    throw new Error('keys are fetched from loopback alone');
  }
  const response = await fetch(url, {
    redirect: 'error',
    signal: AbortSignal.timeout(FETCH_TIMEOUT),
  });
  if (!response.ok) {
    throw new Error(`the JWKS answered ${response.status}`);
  }
  const { keys } = await response.json();
  if (!Array.isArray(keys)) {
    throw new Error('the JWKS has no keys');
  }
  state.keySets.set(url, { keys, fetched: Date.now() });
  return keys;
}

function fitting(keys, { kid, alg }) {
  const kind = alg.startsWith('ES') ? 'EC' : 'RSA';
  return keys.filter(
    (key) =>
      key.kty === kind &&
      (kid === undefined || key.kid === kid) &&
      (key.alg ?? alg) === alg &&
      (key.use ?? 'sig') === 'sig' &&
      (key.key_ops?.includes('verify') ?? true),
  );
}
