// The storage origin: a second listener, as a bucket is. It serves what presigned URLs name, and
// remembers whether anyone sent it an Authorization header.
import { createHmac } from 'node:crypto';
import { readCall, send, text } from './http.mjs';
import { state } from './state.mjs';
import { store } from './world.mjs';

let origin = '';

export function setStorageOrigin(url) {
  origin = url;
}

export function presign(path) {
  return `${origin}${path}?Expires=${Math.floor(Date.now() / 1000) + 3600}&Signature=${sign(path)}`;
}

const sign = (path) => createHmac('sha256', state.secret).update(path).digest('hex').slice(0, 32);

/** Attachment.url as it is read: `Binary/<id>` becomes a presigned URL of this origin. */
export function rewriteAttachments(written) {
  return written.replace(/"url":"Binary\/([0-9a-f-]{36})"/g, (whole, id) =>
    store.find('Binary', id) ? `"url":${JSON.stringify(presign(`storage/Binary/${id}`))}` : whole,
  );
}

export async function serveStorage(request, response) {
  const call = await readCall(request);
  state.storageLog.push({
    method: call.method,
    path: call.path,
    authorization: call.headers.authorization ?? null,
    headers: call.headers,
  });
  send(response, answerStorage(call));
}

function answerStorage(call) {
  if (call.query.get('Signature') !== sign(call.path)) {
    return text(401, 'Invalid signature');
  }
  const [, folder, id] = call.path.split('/');
  const file = folder === 'Binary' ? binary(id) : state.files.get(call.path);
  return file ? { status: 200, ...file } : text(404, 'Not found');
}

function binary(id) {
  const resource = store.find('Binary', id);
  return (
    resource && { type: resource.contentType, bytes: state.binaries.get(id) ?? Buffer.alloc(0) }
  );
}
