// oauth2/authorize: sends the browser to the sign-in page, or, where `config.authorizeAs` says who
// sits there, straight back with a code.
import { core } from './medplum.mjs';
import { readForm, text } from './http.mjs';
import { loginOf, memberships } from './sessions.mjs';
import { state } from './state.mjs';
import { store } from './world.mjs';

const DENIED = 'denied';

export function answerAuthorize(call) {
  const asked = call.method === 'POST' ? readForm(call) : Object.fromEntries(call.query);
  const client = store.find('ClientApplication', asked.client_id);
  if (!state.config.authorizeAs) {
    return to(`${call.origin}oauth`, asked);
  }
  if (!client) {
    return text(400, 'Client not found');
  }
  if (
    !client.redirectUris?.includes(asked.redirect_uri) &&
    client.redirectUri !== asked.redirect_uri
  ) {
    return text(400, 'Incorrect redirect_uri');
  }
  const error = errorOf(asked, call);
  return to(asked.redirect_uri, {
    ...(error ? { error } : { code: signedIn(asked, client).code }),
    state: asked.state,
  });
}

function errorOf(asked, call) {
  if (!asked.scope) {
    return 'invalid_request';
  }
  if (asked.response_type !== 'code') {
    return 'unsupported_response_type';
  }
  if (asked.request) {
    return 'request_not_supported';
  }
  if (asked.aud && asked.aud.replace(/\/$/, '') !== `${call.origin}fhir/R4`) {
    return 'invalid_request';
  }
  if (asked.code_challenge && !['plain', 'S256'].includes(asked.code_challenge_method)) {
    return 'invalid_request';
  }
  return state.config.authorizeAs === DENIED ? 'access_denied' : undefined;
}

function signedIn(asked, client) {
  const { authorizeAs } = state.config;
  const user = [...store.resources.get('User').values()].find((u) => u.email === authorizeAs);
  const membership = memberships().find((m) => m.user.reference === `User/${user?.id}`);
  if (!membership) {
    throw new Error(`authorizeAs names no user: ${authorizeAs}`);
  }
  const login = Object.assign(loginOf(membership, client.id, asked.scope), {
    code: core.generateId(),
    codeChallenge: asked.code_challenge,
    codeChallengeMethod: asked.code_challenge_method,
    nonce: asked.nonce,
  });
  state.logins.set(login.id, login);
  state.codes.set(login.code, login);
  return login;
}

function to(address, parameters) {
  const url = new URL(address);
  for (const [name, value] of Object.entries(parameters)) {
    value !== undefined && url.searchParams.set(name, value);
  }
  return { status: 302, headers: { Location: url.href }, text: '' };
}
