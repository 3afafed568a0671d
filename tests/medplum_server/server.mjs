// The process: two listeners on loopback, one line on stdout when ready, gone when stdin closes.
import { createServer } from 'node:http';
import { startOptions } from './medplum.mjs';
import { answerControl } from './control.mjs';
import { loadDefinitions } from './definitions.mjs';
import { play, strike, takeFault, takeScripted } from './faults.mjs';
import { readCall, send } from './http.mjs';
import { route } from './routes.mjs';
import { state } from './state.mjs';
import { serveStorage, setStorageOrigin } from './storage.mjs';
import { resetWorld } from './world.mjs';

const HOST = '127.0.0.1';
const LOGGED = 2000;

async function serve(request, response) {
  const { counters } = state;
  const isControl = request.url.startsWith('/_control/');
  if (!isControl) {
    counters.active += 1;
    counters.peak = Math.max(counters.peak, counters.active);
    response.once('close', () => {
      counters.active -= 1;
    });
  }
  const call = await readCall(request);
  if (isControl) {
    await send(response, await answerControl(call));
    return;
  }
  record(call, response);
  const step = takeScripted(call);
  const fault = step ? undefined : takeFault(call);
  const work = () => route(call);
  if (step) {
    await play(step, response, work);
  } else if (fault) {
    await strike(fault, response, work);
  } else {
    await send(response, await work());
  }
}

function record(call, response) {
  const { counters, log } = state;
  const line = { method: call.method, target: call.target, headers: call.headers, status: null };
  const pattern = call.path.replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, ':id');
  count(counters.byRoute, `${call.method} ${pattern}`);
  counters.total += 1;
  counters.tokens += call.path === 'oauth2/token' ? 1 : 0;
  log.push(line);
  if (log.length > LOGGED) {
    log.shift();
  }
  response.once('finish', () => {
    line.status = response.statusCode;
    count(counters.byStatus, response.statusCode);
  });
}

function count(table, key) {
  table[key] = (table[key] ?? 0) + 1;
}

function listen(handle, port) {
  const guarded = (request, response) =>
    handle(request, response).catch((error) => {
      if (!request.destroyed || request.complete) {
        // else the client left while it was sending
        process.stderr.write(`${error.stack}\n`);
      }
      response.destroy();
    });
  const server = createServer(
    { keepAliveTimeout: 60000, maxHeaderSize: 131072, noDelay: true },
    guarded,
  );
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, HOST, () => resolve(server.address().port));
  });
}

process.stdin.resume();
process.stdin.once('close', () => process.exit(0));
loadDefinitions();
resetWorld();
const storagePort = await listen(serveStorage, 0);
setStorageOrigin(`http://${HOST}:${storagePort}/`);
const port = await listen(serve, startOptions.port ?? 0);
process.stdout.write(`${JSON.stringify({ port, storagePort })}\n`);
