// auth/*: what a person's sign-in uses.
import { core, badRequest } from './medplum.mjs';
import { json, readJson, unknownPath } from './http.mjs';
import { loginOf, memberships, sessionOf } from './sessions.mjs';
import { answerLogout } from './oauth.mjs';
import { CLIENT, PASSWORD, PROJECT } from './seeds.mjs';
import { state } from './state.mjs';
import { answerToken } from './token.mjs';
import { store, system } from './world.mjs';

const refuse = (message, expression) => json(400, badRequest(message, expression));

const OPEN = {
  'POST login': signIn,
  'POST profile': chooseProfile,
  'POST scope': chooseScope,
  'POST method': () => json(200, { email: true, google: false }),
  'POST exchange': exchange,
  'POST newuser': register,
  'POST newproject': registered,
  'POST newpatient': registered,
  'POST resetpassword': () => json(200, core.allOk),
  'POST setpassword': () => json(200, core.allOk),
  'GET clientinfo': () => json(200, { welcomeString: 'Test' }),
};
const SIGNED_IN = {
  'GET me': describe,
  'POST changepassword': () => json(200, core.allOk),
  'POST revoke': revoke,
  'GET mfa/status': () => json(200, { enrolled: false }),
  'POST mfa/enroll': () => json(200, core.allOk),
  'POST mfa/verify': () => json(200, core.allOk),
  'POST mfa/disable': () => json(200, core.allOk),
};

export async function answerAuth(call) {
  const route = `${call.method} ${call.path.slice('auth/'.length)}`;
  if (Object.hasOwn(OPEN, route)) {
    return OPEN[route](readJson(call) ?? {}, call);
  }
  if (!Object.hasOwn(SIGNED_IN, route)) {
    return unknownPath(call);
  }
  const session = sessionOf(call);
  return session ? SIGNED_IN[route](session, call) : json(401, core.unauthorized);
}

function signIn(body) {
  const user = [...store.resources.get('User').values()].find((u) => u.email === body.email);
  if (!body.email || !body.password) {
    return refuse(
      `Valid ${body.email ? 'password' : 'email address'} is required`,
      body.email ? 'password' : 'email',
    );
  }
  if (!user || (state.passwords.get(user.id) ?? PASSWORD) !== body.password) {
    return refuse('Email or password is invalid');
  }
  const choices = memberships().filter((m) => m.user.reference === `User/${user.id}`);
  const login = Object.assign(
    loginOf(choices[0], body.clientId ?? CLIENT, body.scope ?? 'openid'),
    {
      codeChallenge: body.codeChallenge,
      codeChallengeMethod: body.codeChallengeMethod,
      remember: body.remember,
    },
  );
  state.logins.set(login.id, login);
  if (choices.length === 1) {
    return withCode(login);
  }
  return json(200, { login: login.id, memberships: choices.map(shown) });
}

const shown = ({ id, resourceType, profile, project }) => ({ resourceType, id, profile, project });

function withCode(login) {
  login.code ??= core.generateId();
  state.codes.set(login.code, login);
  return json(200, { login: login.id, code: login.code });
}

function chooseProfile(body) {
  const login = state.logins.get(body.login);
  if (!login || login.code) {
    return refuse(login ? 'Login profile already set' : 'Login not found');
  }
  const membership = memberships().find((m) => m.id === body.profile);
  if (membership?.user.reference !== login.membership.user.reference) {
    return refuse(membership ? 'Invalid profile' : 'Profile not found');
  }
  login.membership = membership;
  return withCode(login);
}

function chooseScope(body) {
  const login = state.logins.get(body.login);
  if (!login) {
    return refuse('Login not found');
  }
  login.scope = body.scope;
  return withCode(login);
}

function exchange(body) {
  const form = new URLSearchParams({
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    subject_token: body.externalAccessToken ?? '',
    client_id: body.clientId ?? '',
  });
  return answerToken({
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    bytes: Buffer.from(form.toString()),
  });
}

async function register(body) {
  if (!body.email || !body.password) {
    return refuse('Valid email address is required', 'email');
  }
  const { firstName, lastName, email, password } = body;
  const user = await system().createResource({ resourceType: 'User', firstName, lastName, email });
  state.passwords.set(user.id, password);
  const profile = await system().createResource({
    resourceType: 'Practitioner',
    name: [{ given: [firstName], family: lastName }],
  });
  const membership = await system().createResource({
    resourceType: 'ProjectMembership',
    project: { reference: `Project/${body.projectId ?? PROJECT}` },
    user: { reference: `User/${user.id}` },
    profile: { reference: `Practitioner/${profile.id}`, display: `${firstName} ${lastName}` },
  });
  const login = loginOf(
    store.find('ProjectMembership', membership.id),
    body.clientId ?? CLIENT,
    'openid',
  );
  state.logins.set(login.id, login);
  return json(200, { login: login.id });
}

function registered(body) {
  const login = state.logins.get(body.login);
  return login ? withCode(login) : refuse('Login not found');
}

function describe({ login }) {
  const { membership } = login;
  const [type, id] = membership.profile.reference.split('/');
  const project = store.find('Project', membership.project.reference.split('/')[1]);
  const [userType, userId] = membership.user.reference.split('/');
  const user = userType === 'User' && store.find('User', userId);
  return json(200, {
    ...(user ? { user: { resourceType: 'User', id: user.id, email: user.email } } : {}),
    project: { resourceType: 'Project', id: project?.id, name: project?.name, strictMode: true },
    membership: { ...shown(membership), user: membership.user, admin: membership.admin },
    profile: system().show(store.find(type, id) ?? { resourceType: type, id }),
    config: { resourceType: 'UserConfiguration', menu: [] },
    ...(user ? { security: { mfaEnrolled: false, sessions: [] } } : {}),
  });
}

function revoke(session, call) {
  const { loginId } = readJson(call) ?? {};
  for (const { login } of state.tokens.values()) {
    if (login.id === loginId) {
      login.revoked = true;
    }
  }
  return loginId ? json(200, core.allOk) : answerLogout(call);
}
