// Faults on the way: what happens to a call instead of, before or after the server's work.
// control.mjs lists the kinds.
import { setTimeout as sleep } from 'node:timers/promises';
import { sendFile } from './files.mjs';
import { bodyOf, headersOf, json, send, text } from './http.mjs';
import { tooMany } from './limits.mjs';
import { state } from './state.mjs';

const page = (status, title) =>
  text(
    status,
    `<html><head><title>${status} ${title}</title></head><body><h1>${title}</h1></body></html>`,
    'text/html',
  );

/** Kinds that answer in the server's place. */
const ANSWERS = {
  403: () => text(403, '<Error><Code>AccessDenied</Code></Error>', 'application/xml'),
  429: () => json(429, tooMany(state.config.slow)),
  500: () => json(500, { msg: 'Internal server error' }),
  502: () => page(502, 'Bad Gateway'),
  503: () => page(503, 'Service Unavailable'),
  504: () => page(504, 'Gateway Timeout'),
  'html-error': () => page(500, 'Internal Server Error'),
  'html-ok': () => page(200, 'Welcome'),
  'empty-error': () => ({ status: 500 }),
  'incomplete-json': () => text(200, '{"access_token": "abc', 'application/json; charset=utf-8'),
  'empty-object': () => json(200, {}),
};

/** Kinds that end the connection. */
const BREAKS = {
  drop: (response) => response.socket.destroy(),
  'reset-headers': (response) => {
    response.socket.write('HTTP/1.1 200 OK\r\nContent-Type: applica', () =>
      response.socket.destroy(),
    );
  },
  'truncate-body': async (response, answer) => {
    if (answer.file) {
      await sendFile(response, answer, Math.floor(answer.size / 2));
      response.socket?.destroy();
      return;
    }
    const body = bodyOf(answer);
    const padded = body.length < 2 ? Buffer.from('{"resourceType": "Pat') : body;
    response.writeHead(answer.status, {
      ...headersOf(answer, padded),
      'Content-Length': padded.length,
    });
    response.write(padded.subarray(0, Math.floor(padded.length / 2)), () =>
      response.socket.destroy(),
    );
  },
};
const ALWAYS_AFTER = new Set(['truncate-body', 'short-body']);

/** The kind of fault that strikes this call, or undefined. `origin`: "server" or "storage". */
export function takeFault(call, origin = 'server') {
  for (const fault of state.faults.filter((each) => (each.origin ?? 'server') === origin)) {
    const isMeant = concerns({ path: origin === 'storage' ? '' : undefined, ...fault }, call);
    if (fault.times === 0 || !isMeant || random(fault) >= (fault.rate ?? 1)) {
      continue;
    }
    if (fault.times !== undefined) {
      fault.times -= 1;
    }
    const kind = fault.kinds[Math.floor(random(fault) * fault.kinds.length)];
    state.counters.faults[kind] = (state.counters.faults[kind] ?? 0) + 1;
    const { slow = state.config.slow, retryAfter } = fault;
    return { kind: String(kind), slow, retryAfter };
  }
  return undefined;
}

export function refuseUnknownKinds(kinds) {
  const known = [...Object.keys(ANSWERS), ...Object.keys(BREAKS), 'short-body', 'slow', 'hang'];
  const unknown = kinds.filter((kind) => !known.includes(split(String(kind)).name));
  if (unknown.length) {
    throw new SyntaxError(`unknown kinds ${unknown}; known: ${known}`);
  }
}

/** Answer `call` with the fault; `work` does what the server would have done. */
export async function strike({ kind, slow, retryAfter }, response, work) {
  const { name, isAfter } = split(kind);
  const answer = isAfter || name === 'slow' ? await slowed(name, isAfter, slow, work) : undefined;
  if (name === 'hang') {
    return;
  }
  if (BREAKS[name]) {
    await BREAKS[name](response, answer);
    return;
  }
  const sent = { slow: () => answer, 'short-body': () => halved(answer) }[name] ?? ANSWERS[name];
  await send(response, retryAfter === undefined ? sent() : later(sent(), retryAfter));
}

const later = (answer, seconds) => ({
  ...answer,
  headers: { ...answer.headers, 'Retry-After': String(seconds) },
});

/** Half of the body, sent as if it were the whole. */
function halved(answer) {
  if (answer.file) {
    return { ...answer, size: Math.floor(answer.size / 2) };
  }
  const { status, headers, type = 'application/json; charset=utf-8' } = answer;
  const body = bodyOf(answer);
  return { status, headers, type, bytes: body.subarray(0, body.length / 2) };
}

async function slowed(name, isAfter, milliseconds, work) {
  const pause = () => (name === 'slow' ? sleep(milliseconds) : undefined);
  if (!isAfter) {
    await pause();
  }
  const answer = await work();
  if (isAfter) {
    await pause();
  }
  return answer;
}

function split(kind) {
  const [, name, when] = /^(.*?)(?:-(before|after))?$/.exec(kind);
  return { name, isAfter: when === 'after' || ALWAYS_AFTER.has(name) };
}

export function concerns(filter, call) {
  const methods = [filter.method ?? call.method].flat();
  const path = `${call.path}${call.query.size ? `?${call.query}` : ''}`;
  return methods.includes(call.method) && new RegExp(filter.path ?? '^fhir/').test(path);
}

/** mulberry32: the same seed gives the same faults. */
function random(fault) {
  fault.state = ((fault.state ?? fault.seed ?? 1) + 0x6d2b79f5) | 0;
  let t = fault.state;
  t = Math.imul(t ^ (t >>> 15), t | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}

/** The next scripted answer that concerns this call, taken off the script. */
export function takeScripted(call) {
  const found = state.script.findIndex((step) => concerns({ path: '', ...step }, call));
  if (found < 0) {
    return undefined;
  }
  const step = state.script[found];
  if ((step.times ?? 1) <= 1) {
    state.script.splice(found, 1);
  } else {
    step.times -= 1;
  }
  return step;
}

export async function play(step, response, work) {
  if (step.commit) {
    await work();
  }
  if (step.delay) {
    await sleep(step.delay);
  }
  if (step.drop) {
    response.socket.destroy();
    return;
  }
  const { status = 200, headers, type } = step;
  const body = step.base64 === undefined ? step.text : undefined;
  const bytes = step.base64 === undefined ? undefined : Buffer.from(step.base64, 'base64');
  await send(response, { status, headers, type, json: step.json, text: body, bytes });
}
