// oauth2/*: the token endpoint and its neighbours. private_key_jwt is refused: it would begin in
// `credentialsOf`.
import { createHash } from 'node:crypto';
import { core } from './medplum.mjs';
import { hasType, json, readBasic, readForm, readJson, text } from './http.mjs';
import {
  clientWith,
  loginOf,
  makeToken,
  membershipOf,
  memberships,
  sessionOf,
} from './sessions.mjs';
import { state } from './state.mjs';
import { store, system } from './world.mjs';

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

function credentialsOf(form, call) {
  if (call.headers.authorization) {
    const [id, secret] = readBasic(call) ?? [];
    return { id, secret };
  }
  return { id: form.client_id, secret: form.client_secret };
}

function grantToClient(form, call) {
  if (form.client_assertion_type) {
    return invalid('Unsupported client assertion type');
  }
  const { id, secret } = credentialsOf(form, call);
  if (!id || !secret) {
    return invalid(id ? 'Missing client_secret' : 'Missing client_id');
  }
  const known = store.find('ClientApplication', id);
  const membership = known && membershipOf(known);
  if (!membership) {
    return invalid('Invalid client');
  }
  if (!clientWith(id, secret)) {
    return invalid('Invalid secret');
  }
  const login = loginOf(membership, id, form.scope || 'openid');
  return issue(login, state.config.clientCredentialsRefresh);
}

function grantForCode(form) {
  const login = state.codes.get(form.code);
  if (!form.code || !login) {
    return invalid(form.code ? 'Invalid code' : 'Missing code');
  }
  if (form.client_id && form.client_id !== login.clientId) {
    return invalid('Invalid client');
  }
  if (login.granted) {
    login.revoked = true;
    return refusal('invalid_grant', 'Token already granted');
  }
  if (login.codeChallenge && !isVerified(login, form.code_verifier)) {
    return invalid(form.code_verifier ? 'Invalid code verifier' : 'Missing code verifier');
  }
  if (!login.codeChallenge && !clientWith(login.clientId, form.client_secret)) {
    return invalid('Missing verification context');
  }
  return issue(login, /\boffline(_access)?\b/.test(login.scope) || login.remember);
}

function isVerified({ codeChallenge, codeChallengeMethod }, verifier = '') {
  const hashed = createHash('sha256').update(verifier).digest('base64url');
  return codeChallenge === (codeChallengeMethod === 'S256' ? hashed : verifier);
}

function grantForRefresh(form, call) {
  const found = state.refreshTokens.get(form.refresh_token);
  if (!found) {
    return invalid('Invalid refresh token');
  }
  const { id } = credentialsOf({}, call);
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
    id_token: makeToken({ ...claims, aud: login.clientId, fhirUser: membership.profile.reference }),
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

export function answerUserInfo(call) {
  const session = sessionOf(call);
  if (!session) {
    return json(401, core.unauthorized);
  }
  const { membership, scope } = session.login;
  return json(200, {
    sub: membership.user.reference.split('/')[1],
    ...(/\bprofile\b/.test(scope)
      ? { profile: membership.profile.reference, name: membership.profile.display }
      : {}),
    fhirUser: membership.profile.reference,
  });
}

export function answerIntrospect(call) {
  const { token } = readForm(call);
  if (!token) {
    return json(400, core.badRequest('Missing token'));
  }
  const session = sessionOf({ headers: { authorization: `Bearer ${token}` } });
  if (!session) {
    return json(200, { active: false });
  }
  const { login } = session;
  return json(200, {
    active: true,
    client_id: login.clientId,
    scope: login.scope,
    sub: login.membership.user.reference.split('/')[1],
    exp: Math.floor(session.expires / 1000),
  });
}

export function answerLogout(call) {
  const session = sessionOf(call);
  if (!session) {
    return json(401, core.unauthorized);
  }
  session.login.revoked = true;
  return json(200, core.allOk);
}

export function answerRevoke(call) {
  const { token } = readForm(call);
  const session = state.tokens.get(token) ?? state.refreshTokens.get(token);
  if (session) {
    session.login.revoked = true;
  }
  return json(200, core.allOk);
}

export async function answerRegister(call) {
  const asked = readJson(call) ?? {};
  if (!asked.redirect_uris?.length) {
    return refusal('invalid_redirect_uri', 'redirect_uris is required');
  }
  const secret = core.generateId().replaceAll('-', '');
  const client = await system().createResource({
    resourceType: 'ClientApplication',
    name: asked.client_name ?? 'Registered client',
    secret,
    redirectUris: asked.redirect_uris,
  });
  return json(201, {
    ...asked,
    client_id: client.id,
    client_secret: secret,
    client_secret_expires_at: 0,
  });
}

export function answerAuthorize(call) {
  return { status: 302, headers: { Location: `${call.origin}oauth?${call.query}` }, text: '' };
}
