// admin/projects/:id and its children.
import { core, badRequest } from './medplum.mjs';
import { json, readJson, unknownPath } from './http.mjs';
import { callerOf, sessionOf } from './sessions.mjs';
import { state } from './state.mjs';
import { store, system } from './world.mjs';

const CHILDREN = {
  'POST bot': createBot,
  'POST client': createClient,
  'POST invite': invite,
  'POST secrets': (project, body) => setOnProject(project, 'secret', body),
  'POST sites': (project, body) => setOnProject(project, 'site', body),
};

export async function answerAdmin(call) {
  const [, kind, id, child, memberId, ...rest] = call.path.split('/');
  const session = sessionOf(call);
  if (!session) {
    return json(401, core.unauthorized);
  }
  const project = kind === 'projects' && store.find('Project', id);
  if (!project || rest.length) {
    return kind === 'projects' ? json(404, core.notFound) : unknownPath(call);
  }
  if (!callerOf(session, call).isAdmin) {
    return json(403, core.forbidden);
  }
  if (child === 'members' && memberId) {
    return answerMember(call, memberId);
  }
  const run = CHILDREN[`${call.method} ${child}`];
  if (run) {
    return run(project, readJson(call) ?? {});
  }
  return !child && call.method === 'GET' ? describe(project) : unknownPath(call);
}

function describe(project) {
  const members = [...store.resources.get('ProjectMembership').values()]
    .filter((m) => m.project.reference === `Project/${project.id}`)
    .map((m) => ({
      id: m.id,
      user: m.user,
      profile: m.profile,
      role: m.admin ? 'admin' : m.profile.reference.split('/')[0].toLowerCase(),
    }));
  const { id, name, secret, site } = project;
  return json(200, { project: { id, name, secret, site }, members });
}

async function createBot(project, body) {
  if (!body.name) {
    return json(400, badRequest('Bot name is required', 'name'));
  }
  const bot = await system().createResource({
    resourceType: 'Bot',
    name: body.name,
    runtimeVersion: body.runtimeVersion ?? 'vmcontext',
    ...(body.description ? { description: body.description } : {}),
  });
  await join(project, `Bot/${bot.id}`, `Bot/${bot.id}`, body.name);
  return json(201, bot);
}

async function createClient(project, body) {
  if (!body.name) {
    return json(400, badRequest('Client name is required', 'name'));
  }
  const client = await system().createResource({
    resourceType: 'ClientApplication',
    name: body.name,
    secret: core.generateId().replaceAll('-', ''),
    ...(body.redirectUri ? { redirectUris: [body.redirectUri] } : {}),
  });
  const reference = `ClientApplication/${client.id}`;
  await join(project, reference, reference, body.name);
  return json(201, client);
}

async function invite(project, body) {
  const { resourceType = 'Practitioner', firstName, lastName, email, externalId } = body;
  if (!firstName || !lastName || !(email || externalId)) {
    return json(400, badRequest('First name, last name and email are required'));
  }
  const user = await system().createResource({
    resourceType: 'User',
    firstName,
    lastName,
    ...(email ? { email } : { externalId }),
  });
  body.password && state.passwords.set(user.id, body.password);
  const profile = await system().createResource({
    resourceType,
    name: [{ given: [firstName], family: lastName }],
    ...(email ? { telecom: [{ system: 'email', use: 'work', value: email }] } : {}),
  });
  const membership = await join(
    project,
    `User/${user.id}`,
    `${resourceType}/${profile.id}`,
    `${firstName} ${lastName}`,
    { ...body.membership, invitedBy: undefined, externalId },
  );
  return json(200, membership);
}

function join(project, user, profile, display, more = {}) {
  return system().createResource(
    JSON.parse(
      JSON.stringify({
        resourceType: 'ProjectMembership',
        project: { reference: `Project/${project.id}` },
        user: { reference: user },
        profile: { reference: profile, display },
        ...more,
      }),
    ),
  );
}

async function setOnProject(project, element, values) {
  await system().updateResource({ ...project, [element]: values });
  return json(200, core.allOk);
}

async function answerMember(call, id) {
  const membership = store.find('ProjectMembership', id);
  if (!membership) {
    return json(404, core.notFound);
  }
  switch (call.method) {
    case 'GET':
      return json(200, system().show(membership));
    case 'POST':
      return json(200, await system().updateResource(readJson(call)));
    case 'DELETE':
      await system().deleteResource('ProjectMembership', id);
      return json(200, core.allOk);
    default:
      return unknownPath(call);
  }
}
