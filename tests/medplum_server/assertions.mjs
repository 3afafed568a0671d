// Client assertions (private_key_jwt): who signed one, and why it is refused. Medplum checks less:
// neither `jti` nor how far ahead `exp` lies; SMART Backend Services asks a server for both.
import { constants, createPublicKey, verify } from 'node:crypto';
import { keysFor } from './jwks.mjs';
import { state } from './state.mjs';
import { store } from './world.mjs';

export const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
export const ALGORITHMS = ['RS', 'PS', 'ES'].flatMap((kind) =>
  [256, 384, 512].map((bits) => `${kind}${bits}`),
);
const CURVES = { ES256: 'prime256v1', ES384: 'secp384r1', ES512: 'secp521r1' };
const LONGEST = 300; // seconds
const SKEW = 10; // seconds that two clocks may differ
const SHORTEST_MODULUS = 2048; // bits

/** The ClientApplication that signed, as {client}, or {error}: why it is refused. */
export async function clientOfAssertion(form, audience) {
  if (form.client_assertion_type !== JWT_BEARER) {
    return { error: 'Unsupported client assertion type' };
  }
  if (!form.client_assertion) {
    return { error: 'Missing client assertion' };
  }
  const jwt = parse(form.client_assertion);
  if (!jwt) {
    return { error: 'Invalid client assertion' };
  }
  const { claims } = jwt;
  const client = store.find('ClientApplication', claims.iss);
  const error =
    wrongParty(claims, audience, form) ??
    wrongClient(client) ??
    ((await isSigned(jwt, client.jwksUri)) ? undefined : 'Invalid client assertion signature') ??
    wrongTime(claims) ??
    replayed(claims);
  return error ? { error } : { client };
}

function parse(assertion) {
  const [header, payload, signature, ...more] = assertion.split('.');
  try {
    const [head, claims] = [header, payload].map((part) =>
      JSON.parse(Buffer.from(part, 'base64url').toString('utf8')),
    );
    const bytes = Buffer.from(signature, 'base64url');
    const isJwt = !more.length && [head, claims].every((part) => part?.constructor === Object);
    return isJwt ? { head, claims, signed: `${header}.${payload}`, bytes } : undefined;
  } catch {
    return undefined;
  }
}

function wrongParty({ aud, iss, sub }, audience, form) {
  if (aud !== audience) {
    return 'Invalid client assertion audience';
  }
  if (!iss || iss !== sub) {
    return 'Invalid client assertion issuer';
  }
  return form.client_id && form.client_id !== iss ? 'Invalid client' : undefined;
}

function wrongClient(client) {
  if (!client) {
    return 'Client not found';
  }
  return client.jwksUri ? undefined : 'Client must have a JWK Set URL';
}

async function isSigned({ head, signed, bytes }, url) {
  if (!ALGORITHMS.includes(head.alg) || head.crit) {
    return false;
  }
  try {
    const keys = await keysFor(url, head);
    return keys.length === 1 && isVerified(head.alg, keys[0], Buffer.from(signed), bytes);
  } catch {
    return false; // a set that cannot be had, or a key that cannot be read
  }
}

function isVerified(alg, jwk, signed, bytes) {
  const key = createPublicKey({ key: jwk, format: 'jwk' });
  const { namedCurve, modulusLength } = key.asymmetricKeyDetails;
  if (alg.startsWith('ES') ? namedCurve !== CURVES[alg] : modulusLength < SHORTEST_MODULUS) {
    return false;
  }
  const pss = {
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
  };
  const how = { RS: {}, PS: pss, ES: { dsaEncoding: 'ieee-p1363' } }[alg.slice(0, 2)];
  return verify(`sha${alg.slice(2)}`, signed, { key, ...how }, bytes);
}

function wrongTime({ exp, nbf, iat }) {
  const now = Date.now() / 1000;
  if (typeof exp !== 'number' || exp <= now) {
    return 'Client assertion expired';
  }
  if (exp > now + LONGEST + SKEW || (iat !== undefined && exp - iat > LONGEST)) {
    return 'Client assertion lifetime exceeds 5 minutes';
  }
  const isEarly = [nbf, iat].some((time) => time !== undefined && !(time <= now + SKEW));
  return isEarly ? 'Client assertion is not valid yet' : undefined;
}

/** Remembers the `jti`; a second one is refused until the first assertion has expired. */
function replayed({ iss, jti, exp }) {
  if (typeof jti !== 'string' || !jti) {
    return 'Missing client assertion jti';
  }
  const { assertions } = state;
  for (const [known, until] of assertions) {
    until <= Date.now() / 1000 && assertions.delete(known);
  }
  const key = `${iss} ${jti}`;
  if (assertions.has(key) && !state.config.replayedAssertions) {
    return 'Client assertion was used before';
  }
  assertions.set(key, exp);
  return undefined;
}
