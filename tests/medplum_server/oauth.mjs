// oauth2/*: the neighbours of the token endpoint.
import { core } from './medplum.mjs';
import { json, readForm, readJson } from './http.mjs';
import { sessionOf } from './sessions.mjs';
import { state } from './state.mjs';
import { system } from './world.mjs';

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
    return json(400, {
      error: 'invalid_redirect_uri',
      error_description: 'redirect_uris is required',
    });
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
