// oauth2/token: the grants, and who asks for one: by secret, by assertion, or by PKCE alone.
import { createHash } from 'node:crypto';
import { core } from './medplum.mjs';
import { clientOfAssertion } from './assertions.mjs';
import { hasType, json, readBasic, readForm, text } from './http.mjs';
import { clientWith, loginOf, makeToken, membershipOf, memberships } from './sessions.mjs';
import { state } from './state.mjs';
import { store } from './world.mjs';

const FORM = 'application/x-www-form-urlencoded';
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';

const refusal = (error, description) => json(400, { error, error_description: description });
const invalid = (description) => refusal('invalid_request', description);

export async function answerToken(call) {
  if (!hasType(call, FORM)) {
    return text(400, 'Unsupported content type');
  }
  const form = readForm(call);
  if (!form.grant_type) {
    return invalid('Missing grant_type');
  }
  const grants = {
    client_credentials: grantToClient,
    authorization_code: grantForCode,
    refresh_token: grantForRefresh,
    [EXCHANGE]: grantForExchange,
  };
  const grant = Object.hasOwn(grants, form.grant_type) && grants[form.grant_type];
  return grant ? grant(form, call) : invalid('Unsupported grant_type');
}

/** {client} that proved who it is, or {error}; `id` is whom the call claims to be. */
async function authenticate(form, call) {
  if (form.client_assertion_type || form.client_assertion) {
    const found = await clientOfAssertion(form, `${call.origin}oauth2/token`);
    return { id: found.client?.id, ...found };
  }
  const { id, secret } = credentialsOf(form, call);
  if (!id || !secret) {
    return { id, error: id ? 'Missing client_secret' : 'Missing client_id' };
  }
  const client = store.find('ClientApplication', id);
  if (!client) {
    return { id, error: 'Invalid client' };
  }
  return clientWith(id, secret) ? { id, client } : { id, error: 'Invalid secret' };
}

function credentialsOf(form, call) {
  if (call.headers.authorization) {
    const [id, secret] = readBasic(call) ?? [];
    return { id, secret };
  }
  return { id: form.client_id, secret: form.client_secret };
}

async function grantToClient(form, call) {
  const { client, error } = await authenticate(form, call);
  const membership = client && membershipOf(client);
  if (!membership) {
    return invalid(error ?? 'Invalid client');
  }
  const login = loginOf(membership, client.id, form.scope || 'openid');
  return issue(login, state.config.clientCredentialsRefresh);
}

async function grantForCode(form, call) {
  const login = state.codes.get(form.code);
  if (!form.code || !login) {
    return invalid(form.code ? 'Invalid code' : 'Missing code');
  }
  const asserted = form.client_assertion && (await authenticate(form, call));
  if (asserted?.error) {
    return invalid(asserted.error);
  }
  if ((asserted?.id ?? form.client_id ?? login.clientId) !== login.clientId) {
    return invalid('Invalid client');
  }
  if (login.granted) {
    login.revoked = true;
    return refusal('invalid_grant', 'Token already granted');
  }
  if (login.codeChallenge && !isVerified(login, form.code_verifier)) {
    return invalid(form.code_verifier ? 'Invalid code verifier' : 'Missing code verifier');
  }
  if (!login.codeChallenge && !asserted && !clientWith(login.clientId, form.client_secret)) {
    return invalid('Missing verification context');
  }
  return issue(login, /\boffline(_access)?\b/.test(login.scope) || login.remember);
}

function isVerified({ codeChallenge, codeChallengeMethod }, verifier = '') {
  const hashed = createHash('sha256').update(verifier).digest('base64url');
  return codeChallenge === (codeChallengeMethod === 'S256' ? hashed : verifier);
}

async function grantForRefresh(form, call) {
  const found = state.refreshTokens.get(form.refresh_token);
  if (!found) {
    return invalid('Invalid refresh token');
  }
  const asserted = form.client_assertion && (await authenticate(form, call));
  if (asserted?.error) {
    return invalid(asserted.error);
  }
  const { id } = asserted ?? credentialsOf({}, call);
  if (id && id !== found.login.clientId) {
    return refusal('invalid_grant', 'Incorrect client');
  }
  if (found.used || found.login.revoked) {
    return refusal('invalid_grant', found.used ? 'Invalid token' : 'Token revoked');
  }
  found.used = true;
  return issue(found.login, true);
}

function grantForExchange(form) {
  const client = store.find('ClientApplication', form.client_id);
  if (!client?.identityProvider) {
    return invalid('Invalid client');
  }
  if (form.subject_token_type !== ACCESS_TOKEN) {
    return invalid('Invalid subject_token_type');
  }
  if (!form.subject_token || form.subject_token === 'invalid') {
    return invalid('Invalid subject_token');
  }
  const membership = memberships().find((m) => m.id === form.membership_id) ?? membershipOf(client);
  return issue(loginOf(membership, client.id, form.scope || 'openid offline'), true);
}

function issue(login, withRefresh) {
  const { membership } = login;
  login.granted = true;
  login.scope = state.config.grantedScope ?? login.scope;
  const seconds = lifetimeOf(login.clientId);
  const claims = {
    login_id: login.id,
    sub: membership.user.reference.split('/')[1],
    username: membership.user.reference.split('/')[1],
    client_id: login.clientId,
    scope: login.scope,
    profile: membership.profile.reference,
    exp: Math.floor(Date.now() / 1000 + seconds),
  };
  const token = makeToken(claims);
  state.tokens.set(token, { login, expires: Date.now() + seconds * 1000 });
  return json(200, {
    token_type: 'Bearer',
    expires_in: seconds,
    scope: login.scope,
    id_token: makeToken({
      ...claims,
      aud: login.clientId,
      nonce: login.nonce,
      fhirUser: membership.profile.reference,
    }),
    access_token: token,
    ...(withRefresh ? { refresh_token: refreshTokenOf(login) } : {}),
    project: membership.project,
    profile: membership.profile,
  });
}

function refreshTokenOf(login) {
  const token = makeToken({ login_id: login.id, refresh_secret: core.generateId() });
  state.refreshTokens.set(token, { login });
  return token;
}

function lifetimeOf(clientId) {
  const written = store.find('ClientApplication', clientId)?.accessTokenLifetime;
  const [, number, unit] = /^(\d+)([smhd]?)$/.exec(written ?? '') ?? [];
  return number
    ? number * { s: 1, m: 60, h: 3600, d: 86400 }[unit || 's']
    : state.config.accessTokenLifetime;
}
