// Every path that is not FHIR's, and the way to those that are.
import { core, badRequest, OperationOutcomeError } from './medplum.mjs';
import { answerAdmin } from './admin.mjs';
import { answerAuthorize } from './authorize.mjs';
import { openApi } from './capability.mjs';
import { answerCds } from './cds.mjs';
import { discovery } from './discovery.mjs';
import { answerFhir } from './fhir.mjs';
import { json, readJson, text, unknownPath } from './http.mjs';
import { answerAuth } from './login.mjs';
import * as oauth from './oauth.mjs';
import { sessionOf } from './sessions.mjs';
import { state } from './state.mjs';
import { answerOwnFile } from './storage.mjs';
import { answerToken } from './token.mjs';

const EXACT = {
  'GET healthcheck': () =>
    json(200, {
      ok: true,
      version: '5.2.13',
      platform: process.platform,
      runtime: process.version,
      postgres: true,
      redis: true,
    }),
  'GET openapi.json': (call) => json(200, openApi(call.origin)),
  'POST oauth2/token': answerToken,
  'GET oauth2/userinfo': oauth.answerUserInfo,
  'POST oauth2/userinfo': oauth.answerUserInfo,
  'POST oauth2/introspect': oauth.answerIntrospect,
  'POST oauth2/revoke': oauth.answerRevoke,
  'GET oauth2/logout': oauth.answerLogout,
  'POST oauth2/logout': oauth.answerLogout,
  'POST oauth2/register': oauth.answerRegister,
  'GET oauth2/authorize': answerAuthorize,
  'POST oauth2/authorize': answerAuthorize,
  'POST email/v1/send': signedIn(sendMail),
};
const PREFIXES = [
  ['fhir/R4/.well-known/', answerDiscovery],
  ['fhir/R4/', answerFhir],
  ['auth/', answerAuth],
  ['admin/', answerAdmin],
  ['.well-known/', answerDiscovery],
  ['storage/', answerOwnFile],
  ['keyvalue/v1/', signedIn(answerKeyValue)],
  ['cds-services/', answerCds],
];

export async function route(call) {
  try {
    const exact = EXACT[`${call.method} ${call.path}`];
    const found = PREFIXES.find(
      ([prefix]) => call.path.startsWith(prefix) || `${call.path}/` === prefix,
    );
    return await (exact ?? found?.[1] ?? unknownPath)(call);
  } catch (error) {
    return refusalOf(error);
  }
}

function refusalOf(error) {
  if (error instanceof SyntaxError || error instanceof URIError) {
    return json(400, badRequest('Content could not be parsed'));
  }
  if (error instanceof OperationOutcomeError) {
    return json(core.getStatus(error.outcome), error.outcome);
  }
  process.stderr.write(`${error.stack}\n`);
  return json(500, { msg: error.message });
}

function signedIn(answer) {
  return (call) => (sessionOf(call) ? answer(call) : json(401, core.unauthorized));
}

function answerDiscovery(call) {
  const document = discovery(call.path.split('.well-known/')[1] ?? '', call.origin);
  return document && call.method === 'GET' ? json(200, document) : unknownPath(call);
}

function answerKeyValue(call) {
  const key = decodeURIComponent(call.path.slice('keyvalue/v1/'.length));
  switch (call.method) {
    case 'GET':
      return state.values.has(key) ? text(200, state.values.get(key)) : text(404, 'Not found');
    case 'PUT':
      state.values.set(key, call.bytes.toString('utf8'));
      return { status: 204 };
    case 'DELETE':
      state.values.delete(key);
      return { status: 204 };
    default:
      return unknownPath(call);
  }
}

function sendMail(call) {
  const mail = readJson(call) ?? {};
  if (!mail.to || !mail.subject) {
    return json(400, badRequest(`Missing ${mail.to ? 'subject' : 'recipient'}`));
  }
  state.mails.push(mail);
  return json(200, core.allOk);
}
