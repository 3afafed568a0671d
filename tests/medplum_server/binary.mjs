// Binary: any content type in, the raw bytes out. A `Binary` answer holds bytes in place of JSON.
import { core, allOk, badRequest, created, OperationOutcomeError } from './medplum.mjs';
import { hasType } from './http.mjs';
import { presign } from './storage.mjs';
import { state } from './state.mjs';
import { store } from './world.mjs';

const EXECUTABLE_TYPES = [
  'application/javascript',
  'application/x-javascript',
  'text/javascript',
  'application/x-msdownload',
  'application/x-msdos-program',
  'application/x-sh',
  'application/x-bat',
  'application/x-executable',
  'application/vnd.microsoft.portable-executable',
  'application/x-httpd-php',
];
const EXECUTABLE_NAMES = /\.(exe|dll|bat|cmd|com|sh|js|msi|scr|vbs|ps1|jar|php)$/i;

/** Create (`id` undefined) or replace the content of a Binary. */
export async function writeBinary(call, repo, id) {
  const content = contentOf(call);
  const name = call.query.get('_filename') ?? '';
  const bare = content.type.split(';')[0].trim().toLowerCase();
  if (EXECUTABLE_TYPES.includes(bare) || EXECUTABLE_NAMES.test(name)) {
    throw new OperationOutcomeError(badRequest('Invalid content type or file extension'));
  }
  const context = call.headers['x-security-context'] ?? content.securityContext?.reference;
  const resource = {
    resourceType: 'Binary',
    ...(id ? { id } : {}),
    contentType: content.type,
    ...(context ? { securityContext: { reference: context } } : {}),
  };
  const written = id ? await repo.updateResource(resource) : await repo.createResource(resource);
  state.binaries.set(written.id, content.bytes);
  return [id ? allOk : created, { ...written, url: presign(`storage/Binary/${written.id}`) }];
}

function contentOf(call) {
  const type = call.headers['content-type'] ?? 'application/octet-stream';
  if (hasType(call, 'application/fhir+json', 'application/json')) {
    const resource = tryJson(call.bytes);
    if (resource?.resourceType === 'Binary') {
      const { contentType, data = '', securityContext } = resource;
      return { type: contentType, bytes: Buffer.from(data, 'base64'), securityContext };
    }
  }
  return { type, bytes: call.bytes };
}

function tryJson(bytes) {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}

/** The raw bytes, unless Accept begins with application/fhir+json. */
export async function readBinary(call, repo, id) {
  const resource = await repo.readResource('Binary', id);
  if ((call.headers.accept ?? '').startsWith('application/fhir+json')) {
    return [allOk, { ...resource, url: presign(`storage/Binary/${id}`) }];
  }
  const bytes = state.binaries.get(id) ?? Buffer.alloc(0);
  return [allOk, resource, { contentType: resource.contentType, bytes }];
}

/** Keep bytes that an operation made; returns the Binary. */
export async function storeBinary(repo, contentType, bytes) {
  const written = await repo.createResource({ resourceType: 'Binary', contentType });
  state.binaries.set(written.id, Buffer.from(bytes));
  return store.find('Binary', written.id) && written;
}
