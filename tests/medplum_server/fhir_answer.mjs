// A router's result as an answer: status, headers, tracing, conditional reads, `Prefer`.
import { core } from './medplum.mjs';
import { rateLimitHeaders } from './limits.mjs';
import { rewriteAttachments } from './storage.mjs';

const FHIR_JSON = 'application/fhir+json; charset=utf-8';
const TRACING = 'https://medplum.com/fhir/StructureDefinition/tracing';

export function answerOf(call, [outcome, resource, options = {}]) {
  const status = core.getStatus(outcome);
  const headers = { ...headersOf(call, outcome, resource, status), ...options.headers };
  if (isUnmodified(call, resource, status)) {
    return { status: 304, headers };
  }
  const isSilent = call.headers.prefer === 'return=minimal';
  const bytes = options.bytes ?? bytesOf(resource);
  if (options.isEmpty || (isSilent && !bytes)) {
    return { status, headers };
  }
  if (bytes) {
    return { status, headers, bytes, type: options.contentType ?? resource.contentType };
  }
  const body = resource ?? traced(outcome);
  const indent = call.query.get('_pretty') === 'true' ? 2 : undefined;
  const written = JSON.stringify(body, undefined, indent);
  const type = options.contentType ?? FHIR_JSON;
  return {
    status,
    headers,
    text: written.includes('"Binary/') ? rewriteAttachments(written) : written,
    type,
  };
}

/** An operation answers with a document by returning a Binary that holds its data. */
function bytesOf(resource) {
  const isDocument = resource?.resourceType === 'Binary' && resource.data !== undefined;
  return isDocument ? Buffer.from(resource.data, 'base64') : undefined;
}

function headersOf(call, outcome, resource, status) {
  const headers = call.isMetered ? rateLimitHeaders() : {};
  if (status === 202 && outcome.issue[0].diagnostics?.startsWith('http')) {
    headers['Content-Location'] = outcome.issue[0].diagnostics;
  }
  if (resource?.meta?.versionId) {
    headers.ETag = `W/"${resource.meta.versionId}"`;
  }
  if (resource?.meta?.lastUpdated) {
    headers['Last-Modified'] = new Date(resource.meta.lastUpdated).toUTCString();
  }
  if (status === 201 && resource?.id) {
    headers.Location = `${call.origin}fhir/R4/${resource.resourceType}/${resource.id}`;
  }
  return headers;
}

function isUnmodified(call, resource, status) {
  if (call.method !== 'GET' || status !== 200 || !resource?.meta?.versionId) {
    return false;
  }
  const tag = call.headers['if-none-match'];
  if (tag) {
    const own = `"${resource.meta.versionId}"`;
    return tag.split(',').some((one) => one.trim().replace(/^W\//, '') === own);
  }
  const since = Date.parse(call.headers['if-modified-since'] ?? '');
  return Math.floor(Date.parse(resource.meta.lastUpdated) / 1000) * 1000 <= since;
}

function traced(outcome) {
  const extension = ['requestId', 'traceId'].map((url) => ({ url, valueId: core.generateId() }));
  return { ...outcome, extension: [...(outcome.extension ?? []), { url: TRACING, extension }] };
}
