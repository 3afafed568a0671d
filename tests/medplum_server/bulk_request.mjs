// What a kick-off asks for. Medplum reads `_type` and `_since` and ignores the rest; the guide has
// more, and refuses what it doesn't know unless the client prefers lenient handling.
import { core } from './medplum.mjs';
import { all } from './arguments.mjs';
import { refuseUnknown } from './filters.mjs';
import { state } from './state.mjs';

const KNOWN = new Set([
  '_outputFormat',
  '_since',
  '_until',
  '_type',
  '_typeFilter',
  '_elements',
  'patient',
  'includeAssociatedData',
]);
const FORMATS = new Set(['application/fhir+ndjson', 'application/ndjson', 'ndjson']);
const ASSOCIATED = new Set(['LatestProvenanceResources', 'RelevantProvenanceResources']);
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

const listed = (values) => values.flatMap((value) => String(value).split(',')).filter(Boolean);

/**
 * {types, since, until, filters, elements, patients, associated, ignored, isGuides}, or {refusal}.
 * `ignored` holds what was wrong and is told in the error file.
 */
export function exportRequest(req, level) {
  const isGuides = state.config.exportDialect === 'ig';
  const asked = {
    isGuides,
    types: listed(all(req, '_type')),
    since: all(req, '_since')[0] ?? '',
    until: '',
    filters: [],
    elements: [],
    patients: [],
    associated: [],
    ignored: [],
  };
  return isGuides ? guided(req, level, asked) : asked;
}

function guided(req, level, asked) {
  const preferred = listed([req.config.call.headers.prefer ?? '']).map((each) => each.trim());
  if (!preferred.includes('respond-async')) {
    return { refusal: 'A bulk export needs the header Prefer: respond-async' };
  }
  Object.assign(asked, {
    until: all(req, '_until')[0] ?? '',
    elements: listed(all(req, '_elements')),
    patients: all(req, 'patient').map((patient) => patient.reference ?? patient),
    associated: listed(all(req, 'includeAssociatedData')),
  });
  const wrong = [...unknownNames(req), ...wrongValues(req, level, asked)];
  try {
    asked.filters = all(req, '_typeFilter').flatMap(typeFilters);
  } catch (error) {
    wrong.push(`_typeFilter: ${core.normalizeErrorString(error)}`);
  }
  if (wrong.length && !preferred.includes('handling=lenient')) {
    return { refusal: wrong.join('; ') };
  }
  return { ...asked, types: asked.types.filter(core.isResourceType), ignored: wrong };
}

function unknownNames(req) {
  const given = [
    ...Object.keys(req.query ?? {}),
    ...(req.body?.parameter ?? []).map((parameter) => parameter.name),
  ];
  return [...new Set(given)]
    .filter((name) => !KNOWN.has(name))
    .map((name) => `Unknown parameter: ${name}`);
}

function wrongValues(req, level, { types, since, until, patients, associated }) {
  const [format = 'ndjson'] = all(req, '_outputFormat');
  const wrong = {
    [`Unsupported _outputFormat: ${format}`]: !FORMATS.has(format),
    [`_since is not an instant: ${since}`]: since && !INSTANT.test(since),
    [`_until is not an instant: ${until}`]: until && !INSTANT.test(until),
    'patient is for POST to Patient or Group':
      patients.length && (req.method !== 'POST' || level === 'system'),
    'includeAssociatedData has an unknown code': associated.some((code) => !ASSOCIATED.has(code)),
  };
  const unknown = types.filter((type) => !core.isResourceType(type));
  return [
    ...Object.keys(wrong).filter((message) => wrong[message]),
    ...unknown.map((type) => `Unknown _type: ${type}`),
  ];
}

/** `Observation?status=final`: values may be repeated, or joined by commas. */
function typeFilters(value) {
  return value.split(/,(?=[A-Z]\w*\?)/).map((one) => {
    const request = core.parseSearchRequest(one);
    core.validateResourceType(request.resourceType);
    refuseUnknown(request.resourceType, request.filters);
    return request;
  });
}
