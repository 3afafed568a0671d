// cds-services: bots with a `cdsService` are the services of CDS Hooks. There is no feedback route.
import { core } from './medplum.mjs';
import { runBot } from './automation.mjs';
import { json, readJson, text, unknownPath } from './http.mjs';
import { callerOf, sessionOf } from './sessions.mjs';
import { store } from './world.mjs';

const ALL = 'cds-services';

export async function answerCds(call) {
  const session = sessionOf(call);
  if (!session) {
    return json(401, core.unauthorized);
  }
  call.caller = callerOf(session, call);
  const repo = store.as(call.caller);
  const id = call.path.slice(`${ALL}/`.length);
  if (call.method === 'GET' && !id) {
    return json(200, { services: (await bots(repo)).map(serviceOf) });
  }
  if (call.method !== 'POST' || !id || id.includes('/')) {
    return unknownPath(call);
  }
  return answerWith(await repo.readResource('Bot', id), call, repo);
}

async function bots(repo) {
  const found = await repo.searchResources(core.parseSearchRequest('Bot?_count=100'));
  return found.filter((bot) => bot.cdsService);
}

function serviceOf({ id, cdsService }) {
  const { hook, title, description, usageRequirements, prefetch } = cdsService;
  const templates = prefetch && Object.fromEntries(prefetch.map(({ key, query }) => [key, query]));
  return { id, hook, title, description, usageRequirements, prefetch: templates };
}

async function answerWith(bot, call, repo) {
  if (!bot.cdsService) {
    return text(404, 'Not Found');
  }
  const request = { method: 'POST', body: readJson(call), config: { call, caller: call.caller } };
  const [outcome, value] = await runBot(bot, request, repo);
  return json(core.getStatus(outcome), value ?? outcome);
}
