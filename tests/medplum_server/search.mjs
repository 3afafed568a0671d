// One page of a search: which resources match, in which order, and the links to the next pages.
import { core, badRequest, OperationOutcomeError } from './medplum.mjs';
import { matches, refuseUnknown, valuesOf } from './filters.mjs';
import { state } from './state.mjs';

const MAX_COUNT = 1000;
const MAX_OFFSET = 10000;

export function findPage(store, request) {
  refuseBad(request);
  const types = request.types ?? [request.resourceType];
  const matched = types.flatMap((type) => findMatches(store, type, request.filters));
  const sorted = sort(matched, request.sortRules ?? []);
  const start = request.cursor ? afterCursor(sorted, request.cursor) : (request.offset ?? 0);
  const end = start + pageSize(request);
  return { matched, page: sorted.slice(start, end), following: sorted[end] };
}

export function pageSize(request) {
  const count = request.count ?? 20;
  return Number.isNaN(count) || count < 0 ? 20 : Math.min(count, MAX_COUNT);
}

/** Medplum ignores an `_include` that names no search parameter. */
export function withKnownIncludes(request) {
  const known = (targets) =>
    targets?.filter((t) => core.getSearchParameter(t.resourceType, t.searchParam));
  return { ...request, include: known(request.include), revInclude: known(request.revInclude) };
}

function refuseBad(request) {
  for (const type of request.types ?? [request.resourceType]) {
    core.validateResourceType(type);
    if (type === 'Binary') {
      fail('Cannot search on Binary resource type');
    }
    refuseUnknown(type, request.filters);
  }
  if (request.offset > MAX_OFFSET) {
    fail(`Search offset exceeds maximum (got ${request.offset}, max ${MAX_OFFSET})`);
  }
}

function fail(message) {
  throw new OperationOutcomeError(badRequest(message));
}

function findMatches(store, type, filters = []) {
  const all = store.resources.get(type);
  if (!all) {
    return [];
  }
  const ids = store.index.candidates(type, filters);
  const candidates = ids ? ids.map((id) => all.get(id)).filter(Boolean) : [...all.values()];
  const find = (other) => store.resources.get(other);
  state.counters.examined += candidates.length;
  return candidates.filter((resource) =>
    filters.every((filter) => matches(resource, filter, find)),
  );
}

function sort(resources, rules) {
  if (!rules.length) {
    return resources;
  }
  const keyed = resources.map((resource) => [
    rules.map((rule) => sortKey(resource, rule)),
    resource,
  ]);
  keyed.sort(([a], [b]) => {
    for (const [i, rule] of rules.entries()) {
      const order = compare(a[i], b[i]);
      if (order) {
        return rule.descending ? -order : order;
      }
    }
    return 0;
  });
  return keyed.map(([, resource]) => resource);
}

function sortKey(resource, { code }) {
  if (code === '_lastUpdated') {
    return resource.meta.lastUpdated; // quick, for pages through thousands are sorted by it
  }
  const parameter =
    core.getSearchParameter(resource.resourceType, code) ??
    fail(`Unknown search parameter: ${code}`);
  const values = valuesOf(resource, parameter);
  switch (parameter.type) {
    case 'number':
      return core.convertToSearchableNumbers(values)[0]?.[0];
    case 'quantity':
      return values[0]?.value?.value;
    case 'date':
      return core.convertToSearchableDates(values)[0]?.start;
    case 'token':
      return core.convertToSearchableTokens(values)[0]?.value;
    case 'reference':
      return core.convertToSearchableReferences(values)[0];
    default:
      return core.convertToSearchableStrings(values)[0]?.toLowerCase();
  }
}

/** As PostgreSQL orders: what is missing comes last. */
function compare(a, b) {
  if (a === b) {
    return 0;
  }
  if (a === undefined || b === undefined) {
    return a === undefined ? 1 : -1;
  }
  return a < b ? -1 : 1;
}

/** A cursor names the first resource of the page: its instant and its id. */
function afterCursor(sorted, cursor) {
  const [version, instant, ...id] = cursor.split('-');
  if (version !== '2' || !/^\d+$/.test(instant ?? '')) {
    fail('Invalid cursor');
  }
  const found = sorted.findIndex((resource) => resource.id === id.join('-'));
  const later = sorted.findIndex((r) => Date.parse(r.meta.lastUpdated) >= Number(instant));
  const start = found >= 0 ? found : later;
  return start < 0 ? sorted.length : start;
}

export function linksOf(store, request, bundle) {
  const size = pageSize(request);
  const link = [
    { relation: 'self', url: pageUrl(store, request) },
    { relation: 'first', url: pageUrl(store, { ...request, offset: 0, cursor: undefined }) },
  ];
  const next = size > 0 && nextPage(store, request, size, bundle);
  if (next) {
    link.push({ relation: 'next', url: pageUrl(store, next) });
  }
  if (request.offset > 0) {
    const offset = Math.max(0, request.offset - size);
    link.push({ relation: 'previous', url: pageUrl(store, { ...request, offset }) });
  }
  return link;
}

function nextPage(store, request, size, bundle) {
  const { offset = 0, ...rest } = request;
  const isCursored =
    size >= 20 &&
    !offset &&
    request.sortRules?.length === 1 &&
    request.sortRules[0].code === '_lastUpdated' &&
    !request.sortRules[0].descending;
  if (!isCursored) {
    return offset + size < bundle.total && { ...request, offset: offset + size };
  }
  const { following } = findPage(store, rest);
  return (
    following && { ...rest, cursor: `2-${Date.parse(following.meta.lastUpdated)}-${following.id}` }
  );
}

function pageUrl(store, request) {
  const { resourceType, ...rest } = request;
  const type = resourceType === 'MultipleTypes' ? '' : resourceType;
  const path = `${type}${core.formatSearchQuery(rest)}`;
  const prefixes = {
    absolute: `${store.caller.base ?? ''}fhir/R4/`,
    path: '/fhir/R4/',
    relative: '',
    foreign: 'https://elsewhere.invalid/fhir/R4/',
  };
  return prefixes[state.config.links] + path;
}
