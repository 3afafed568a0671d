// Who makes a call: tokens, client credentials and on-behalf-of, as the store's caller.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { core, notFound, OperationOutcomeError } from './medplum.mjs';
import { readBasic } from './http.mjs';
import { PROJECT } from './seeds.mjs';
import { state } from './state.mjs';
import { store } from './world.mjs';

const base64url = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A token that reads as a JWT; what it grants is decided by the table of sessions. */
export function makeToken(claims) {
  const jwt = { jti: core.generateId(), iat: Math.floor(Date.now() / 1000), ...claims };
  const signed = `${base64url({ alg: 'HS256', typ: 'JWT' })}.${base64url(jwt)}`;
  return `${signed}.${createHmac('sha256', state.secret).update(signed).digest('base64url')}`;
}

export function isSame(a, b) {
  const [left, right] = [a, b].map((text) =>
    createHmac('sha256', 'compare').update(String(text)).digest(),
  );
  return timingSafeEqual(left, right);
}

/** The session of a call, or undefined: expired, garbage and missing tokens are all the same. */
export function sessionOf(call) {
  const [scheme, token] = (call.headers.authorization ?? '').split(' ');
  if (scheme === 'Bearer') {
    const session = state.tokens.get(token);
    return session && session.expires > Date.now() && !session.login.revoked ? session : undefined;
  }
  const basic = readBasic(call);
  const client = basic && clientWith(...basic);
  return client && { login: loginOf(membershipOf(client), client.id, 'openid') };
}

export function clientWith(id, secret) {
  const client = store.find('ClientApplication', id);
  const known = [client?.secret, client?.retiringSecret].filter(Boolean);
  return secret && known.some((own) => isSame(own, secret)) ? client : undefined;
}

export function membershipOf(client) {
  return memberships().find((m) => m.profile.reference === `ClientApplication/${client.id}`);
}

export function memberships() {
  return [...(store.resources.get('ProjectMembership')?.values() ?? [])];
}

export function loginOf(membership, clientId, scope) {
  return { id: core.generateId(), membership, clientId, scope, authTime: new Date() };
}

/** What the store needs to know of the caller. Throws the outcomes of a refused on-behalf-of. */
export function callerOf(session, call) {
  const { membership } = session.login;
  const caller = {
    author: membership.profile,
    project: membership.project.reference.split('/')[1] ?? PROJECT,
    isAdmin: Boolean(membership.admin),
    isExtended: call.headers['x-medplum'] === 'extended',
    base: call.origin,
    membership,
    session,
  };
  const onBehalfOf = call.headers['x-medplum-on-behalf-of'];
  if (onBehalfOf) {
    caller.onBehalfOf = subjectOf(onBehalfOf, caller).profile;
  }
  return caller;
}

function subjectOf(reference, caller) {
  const refuse = (outcome) => {
    throw new OperationOutcomeError(outcome);
  };
  if (!caller.isAdmin) {
    refuse(core.forbidden);
  }
  if (reference.startsWith('ProjectMembership/')) {
    return store.find('ProjectMembership', reference.split('/')[1]) ?? refuse(notFound);
  }
  return memberships().find((m) => m.profile.reference === reference) ?? refuse(core.forbidden);
}
