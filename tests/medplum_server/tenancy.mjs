// Operations on projects, clients, users, subscriptions and profiles.
import { core, allOk, badRequest, created, notFound, OperationOutcomeError } from './medplum.mjs';
import { one, result } from './arguments.mjs';
import { definitionsOf } from './definitions.mjs';
import { makeToken } from './sessions.mjs';
import { store, system } from './world.mjs';

export const TENANCY = [
  { method: 'POST', path: 'Project/$init', run: init },
  { method: 'POST', path: 'Project/:id/$clone', run: clone },
  { method: 'POST', path: 'User/:id/$update-email', run: updateEmail },
  { method: 'GET', path: 'ClientApplication/:id/$smart-launch', run: launch },
  { method: 'POST', path: 'ClientApplication/:id/$rotate-secret', run: rotateSecret },
  { method: 'GET', path: 'Subscription/:id/$get-ws-binding-token', run: bindingToken },
  { method: 'GET', path: 'StructureDefinition/$expand-profile', run: expandProfile },
  { method: 'POST', path: 'StructureDefinition/$expand-profile', run: expandProfile },
];

async function init(req, repo) {
  const name = one(req, 'name');
  if (!name) {
    return [badRequest("Expected 1 value(s) for required input parameter 'name'")];
  }
  const owner = one(req, 'owner') ?? repo.caller.membership.user;
  return [
    created,
    await repo.createResource({ resourceType: 'Project', name, owner, strictMode: true }),
  ];
}

async function clone(req, repo) {
  const { id, meta, ...project } = await repo.readResource('Project', req.params.id);
  const name = one(req, 'name') ?? req.body?.name ?? `${project.name} (copy)`;
  return [created, await repo.createResource({ ...project, name })];
}

async function updateEmail(req, repo) {
  const user = await repo.readResource('User', req.params.id);
  const email = one(req, 'email');
  return email
    ? [allOk, await repo.updateResource({ ...user, email, emailVerified: false })]
    : [badRequest("Expected 1 value(s) for required input parameter 'email'")];
}

async function launch(req, repo) {
  const client = await repo.readResource('ClientApplication', req.params.id);
  if (!client.launchUri) {
    return [badRequest('Client application missing launch URI')];
  }
  const patient = one(req, 'patient');
  const context = {
    resourceType: 'SmartAppLaunch',
    ...(patient ? { patient: { reference: `Patient/${patient}` } } : {}),
  };
  const written = await repo.createResource(context);
  const url = new URL(client.launchUri);
  url.searchParams.set('iss', `${repo.caller.base}fhir/R4`);
  url.searchParams.set('launch', written.id);
  return [core.redirect(url)];
}

/** The replaced secret stays known as `retiringSecret`, as Medplum keeps it. */
async function rotateSecret(req, repo) {
  const client = await repo.readResource('ClientApplication', req.params.id);
  const { retiringSecret, ...kept } = client;
  const [used, retired] = [one(req, 'secret'), one(req, 'retiringSecret')];
  if (Boolean(used) === Boolean(retired)) {
    return [
      badRequest(
        used ? 'Only one secret can be rotated at a time' : 'Secret to rotate must be provided',
      ),
    ];
  }
  if (used ? used !== client.secret : retired !== retiringSecret) {
    return [badRequest('Provided secret does not match client')];
  }
  const secret = core.generateId().replaceAll('-', '');
  const changes = used ? { retiringSecret: client.secret, secret } : {};
  return [allOk, await repo.updateResource({ ...kept, ...changes })];
}

async function bindingToken(req, repo) {
  const subscription = await repo.readResource('Subscription', req.params.id);
  const expires = new Date(Date.now() + 3600 * 1000);
  return [
    allOk,
    result({
      token: {
        valueString: makeToken({
          subscription_id: subscription.id,
          exp: Math.floor(expires / 1000),
        }),
      },
      expiration: { valueDateTime: expires.toISOString() },
      'websocket-url': { valueUrl: `${repo.caller.base.replace('http', 'ws')}ws/subscriptions-r4` },
    }),
  ];
}

function expandProfile(req) {
  const url = one(req, 'url');
  const profile = url && (storedProfile(url) ?? publishedProfile(url));
  if (!profile) {
    throw new OperationOutcomeError(url ? notFound : badRequest('Profile url not specified'));
  }
  const types = new Set(
    profile.snapshot?.element.flatMap((e) => e.type ?? []).flatMap((t) => t.profile ?? []),
  );
  const nested = [...types]
    .map((one_) => storedProfile(one_) ?? publishedProfile(one_))
    .filter(Boolean);
  const entry = [profile, ...nested].map((resource) => ({ resource }));
  return [allOk, { resourceType: 'Bundle', type: 'searchset', entry }];
}

function storedProfile(url) {
  const found = [...(store.resources.get('StructureDefinition')?.values() ?? [])].find(
    (r) => r.url === url,
  );
  return found && system().show(found);
}

function publishedProfile(url) {
  const key = `StructureDefinition ${url}`;
  return ['profiles-types', 'profiles-medplum', 'profiles-resources']
    .map((file) => definitionsOf(file).get(key))
    .find(Boolean);
}
