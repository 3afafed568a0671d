// The storage origin: a second listener, as a bucket is. It serves what presigned URLs name and the
// published key sets, and remembers every request with its headers.
import { createHmac } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { strike, takeFault } from './faults.mjs';
import { json, readCall, send, text } from './http.mjs';
import { published } from './jwks.mjs';
import { sessionOf } from './sessions.mjs';
import { state } from './state.mjs';
import { store } from './world.mjs';

const LOGGED = 5000;

let origin = '';

export function setStorageOrigin(url) {
  origin = url;
}

export const storageUrl = (path) => origin + path;

/** A link to a path of this origin, for `seconds` from now. */
export function presign(path, seconds = state.config.linkLifetime) {
  const query = new URLSearchParams({
    Expires: Math.floor(Date.now() / 1000) + seconds,
    Turn: state.linkTurn,
  });
  query.set('Signature', sign(path, query));
  return `${origin}${path}?${query}`;
}

function sign(path, query) {
  const signed = `${path} ${query.get('Expires')} ${query.get('Turn')}`;
  return createHmac('sha256', state.secret).update(signed).digest('hex').slice(0, 32);
}

/** Attachment.url as it is read: `Binary/<id>` becomes a presigned URL of this origin. */
export function rewriteAttachments(written) {
  return written.replace(/"url":"Binary\/([0-9a-f-]{36})"/g, (whole, id) =>
    store.find('Binary', id) ? `"url":${JSON.stringify(presign(`storage/Binary/${id}`))}` : whole,
  );
}

export async function serveStorage(request, response) {
  const call = await readCall(request);
  record(call, response);
  const fault = takeFault(call, 'storage');
  const work = () => answerStorage(call);
  if (fault) {
    await strike(fault, response, work);
  } else {
    await send(response, work());
  }
}

function record(call, response) {
  const { storageLog, counters } = state;
  const authorization = call.headers.authorization ?? null;
  const line = { method: call.method, path: call.path, authorization, headers: call.headers };
  counters.storage += 1;
  state.isStorageAuthorized ||= authorization !== null;
  storageLog.push(line);
  if (storageLog.length > LOGGED) {
    storageLog.shift();
  }
  response.once('close', () => {
    line.status = response.statusCode;
    line.isWhole = response.writableFinished;
  });
}

function answerStorage(call) {
  const keys = published(call.path);
  if (keys) {
    return json(200, keys);
  }
  const file = fileAt(call.path);
  if (!file?.needsToken) {
    const refused = refusalOf(call);
    if (refused) {
      return refused;
    }
  } else if (!sessionOf(call)) {
    return text(401, 'Unauthorized');
  }
  return answerFile(call, file);
}

function refusalOf({ path, query }) {
  if (query.get('Signature') !== sign(path, query)) {
    return text(401, 'Invalid signature');
  }
  const isCurrent = Number(query.get('Turn')) >= state.linkTurn;
  return isCurrent && Number(query.get('Expires')) > Date.now() / 1000 ? undefined : denied();
}

/** What a bucket says to a link that has expired. */
export function denied(message = 'Request has expired') {
  const body = `<Error><Code>AccessDenied</Code><Message>${message}</Message></Error>`;
  return text(403, `<?xml version="1.0" encoding="UTF-8"?>\n${body}`, 'application/xml');
}

/** `storage/*` on the server's own origin: the files of exports whose manifest asks for the token. */
export function answerOwnFile(call) {
  if (!sessionOf(call)) {
    return text(401, 'Unauthorized');
  }
  const file = state.files.get(call.path);
  return answerFile(call, file?.needsToken ? file : undefined);
}

function fileAt(path) {
  const [, folder, id] = path.split('/');
  return folder === 'Binary' ? binary(id) : state.files.get(path);
}

function answerFile(call, file) {
  if (!file) {
    return text(404, 'Not found');
  }
  const { needsToken, ...answer } = file;
  const accepts = /\bgzip\b/.test(call.headers['accept-encoding'] ?? '');
  if (state.config.exportGzip !== 'encoding' || !accepts || call.path.includes('/Binary/')) {
    return { status: 200, ...answer };
  }
  const headers = { 'Content-Encoding': 'gzip', Vary: 'Accept-Encoding' };
  return answer.file
    ? { status: 200, ...answer, headers, isGzipped: true }
    : { status: 200, ...answer, headers, bytes: gzipSync(answer.bytes) };
}

function binary(id) {
  const resource = store.find('Binary', id);
  return (
    resource && { type: resource.contentType, bytes: state.binaries.get(id) ?? Buffer.alloc(0) }
  );
}
