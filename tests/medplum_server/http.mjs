// Requests read into plain values and answers written from plain values. Knows no FHIR.
import { sendFile } from './files.mjs';

/**
 * An answer is {status, headers?, json? | text? | bytes? | file? (a path, with size), type?}.
 * A call is {method, target, path, query, headers, bytes, origin}.
 */
export async function readCall(request) {
  const chunks = [];
  for await (const chunk of request) {
    chunks.push(chunk);
  }
  const [path, query = ''] = split(request.url);
  return {
    method: request.method,
    target: request.url,
    path: path.replace(/^\/+/, ''),
    query: new URLSearchParams(query),
    headers: request.headers,
    bytes: chunks.length === 1 ? chunks[0] : Buffer.concat(chunks),
    origin: `http://${request.headers.host}/`,
  };
}

function split(target) {
  const mark = target.indexOf('?');
  return mark < 0 ? [target] : [target.slice(0, mark), target.slice(mark + 1)];
}

export function bodyOf(answer) {
  if (answer.bytes !== undefined) {
    return Buffer.from(answer.bytes);
  }
  if (answer.json !== undefined) {
    return Buffer.from(JSON.stringify(answer.json));
  }
  return Buffer.from(answer.text ?? '');
}

export function headersOf(answer, body) {
  const headers = { ...answer.headers };
  if (body.length || answer.type) {
    headers['Content-Type'] = answer.type ?? defaultType(answer);
  }
  if (answer.status !== 304 && answer.status !== 204) {
    headers['Content-Length'] = body.length;
  }
  return headers;
}

function defaultType(answer) {
  return answer.json === undefined
    ? 'text/plain; charset=utf-8'
    : 'application/json; charset=utf-8';
}

export async function send(response, answer) {
  if (answer.file) {
    await sendFile(response, answer);
    return;
  }
  const body = bodyOf(answer);
  response.writeHead(answer.status, headersOf(answer, body));
  response.end(body);
}

export const json = (status, value, headers) => ({ status, json: value, headers });
export const text = (status, value, type = 'text/plain; charset=utf-8') => ({
  status,
  text: value,
  type,
});

export function unknownPath(call) {
  const what = `Cannot ${call.method} /${call.path}`.replace(
    /[<>&"]/g,
    (c) => `&#${c.charCodeAt(0)};`,
  );
  const page =
    `<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n` +
    `<title>Error</title>\n</head>\n<body>\n<pre>${what}</pre>\n</body>\n</html>\n`;
  return text(404, page, 'text/html; charset=utf-8');
}

/** The JSON body, or undefined when there is none. Throws SyntaxError. */
export function readJson(call) {
  return call.bytes.length ? JSON.parse(call.bytes.toString('utf8')) : undefined;
}

export function readForm(call) {
  return Object.fromEntries(new URLSearchParams(call.bytes.toString('utf8')));
}

export function hasType(call, ...types) {
  const type = (call.headers['content-type'] ?? '').split(';')[0].trim().toLowerCase();
  return types.includes(type);
}

export function readBasic(call) {
  const [scheme, value = ''] = (call.headers.authorization ?? '').split(' ');
  if (scheme.toLowerCase() !== 'basic') {
    return undefined;
  }
  const pair = Buffer.from(value, 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  return colon < 0 ? undefined : [pair.slice(0, colon), pair.slice(colon + 1)];
}
