// Whether a resource matches one search filter. @medplum/core answers for references, tokens and
// dates; strings, numbers, quantities, chains, `_has` and `_filter` are answered here.
import { core, badRequest, OperationOutcomeError } from './medplum.mjs';

const COMPARISONS = {
  eq: (low, high, value) => low <= value && value <= high,
  ne: (low, high, value) => value < low || high < value,
  gt: (low, high, value) => high > value,
  ge: (low, high, value) => high >= value,
  lt: (low, high, value) => low < value,
  le: (low, high, value) => low <= value,
  ap: (low, high, value) => low * 0.9 <= value && value <= high * 1.1,
};

export function refuseUnknown(type, filters) {
  for (const filter of filters ?? []) {
    const isKnown =
      filter.code.startsWith('_has:') ||
      filter.code === '_filter' ||
      core.getSearchParameter(type, filter.code.split(/[.:]/)[0]);
    if (!isKnown) {
      throw new OperationOutcomeError(badRequest(`Unknown search parameter: ${filter.code}`));
    }
  }
}

/** `find(type)` gives the resources of a type, for chains. */
export function matches(resource, filter, find) {
  if (filter.code.startsWith('_has:')) {
    return matchesReverseChain(resource, filter, find);
  }
  if (filter.code === '_filter') {
    return matchesExpression(resource, core.parseFilterParameter(filter.value), find);
  }
  if (filter.code.includes('.')) {
    return matchesChain(resource, filter, find);
  }
  const parameter = core.getSearchParameter(resource.resourceType, filter.code);
  if (['missing', 'present'].includes(filter.operator)) {
    return matchesByCore(resource, filter);
  }
  switch (parameter.type) {
    case 'string':
      return matchesString(core.convertToSearchableStrings(valuesOf(resource, parameter)), filter);
    case 'number':
    case 'quantity':
      return matchesNumber(valuesOf(resource, parameter), filter);
    case 'uri':
      return (
        core
          .convertToSearchableStrings(valuesOf(resource, parameter))
          .some((value) => core.splitSearchOnComma(filter.value).includes(value)) !==
        isNegated(filter)
      );
    default:
      return matchesByCore(resource, filter);
  }
}

export function valuesOf(resource, parameter) {
  return core.evalFhirPathTyped(
    parameter.expression,
    [core.toTypedValue(resource)],
    undefined,
    parsed,
  );
}
const parsed = new core.LRUCache(1000);

function matchesByCore(resource, filter) {
  const { code, value } = filter;
  const operator = filter.operator === 'exact' ? 'eq' : filter.operator; // what _filter calls eq
  const filters = [{ code, operator, value }];
  return core.matchesSearchRequest(resource, { resourceType: resource.resourceType, filters });
}

const isNegated = (filter) => filter.operator === 'not' || filter.operator === 'ne';

function matchesString(values, filter) {
  const wanted = core.splitSearchOnComma(filter.value);
  const test =
    {
      exact: (value, want) => value === want,
      contains: (value, want) => value.toLowerCase().includes(want.toLowerCase()),
    }[filter.operator] ?? startsAWord;
  return values.some((value) => wanted.some((want) => test(value, want))) !== isNegated(filter);
}

/** A search for "ali smi" finds "Alice Smith": every word begins some word of the value. */
function startsAWord(value, want) {
  const words = value.toLowerCase().split(/[\s,]+/);
  return (
    value.toLowerCase().startsWith(want.toLowerCase()) ||
    want
      .toLowerCase()
      .split(/\s+/)
      .every((part) => words.some((word) => word.startsWith(part)))
  );
}

function matchesNumber(typedValues, filter) {
  return core.splitSearchOnComma(filter.value).some((want) => {
    const [number, system, code] = want.split('|');
    const compare = COMPARISONS[filter.operator] ?? COMPARISONS.eq;
    return typedValues.some(({ value }) => {
      const quantity = typeof value === 'number' ? { value } : value;
      return (
        (!code || code === quantity.code || code === quantity.unit) &&
        (!system || system === quantity.system) &&
        compare(quantity.value, quantity.value, Number(number))
      );
    });
  });
}

function matchesChain(resource, filter, find) {
  const dot = filter.code.indexOf('.');
  const [code, named] = filter.code.slice(0, dot).split(':');
  const parameter = core.getSearchParameter(resource.resourceType, code);
  if (!named && parameter.target?.length !== 1) {
    throw new OperationOutcomeError(
      badRequest(
        `Unable to identify next resource type for search parameter: ${resource.resourceType}?${code}`,
      ),
    );
  }
  const target = named ?? parameter.target[0];
  const rest = core.parseSearchRequest(target, { [filter.code.slice(dot + 1)]: filter.value });
  refuseUnknown(target, rest.filters);
  const references = core.convertToSearchableReferences(valuesOf(resource, parameter));
  return references.some((reference) => {
    const [type, id] = reference.split('/');
    const found = type === target && find(type)?.get(id);
    return Boolean(found) && rest.filters.every((next) => matches(found, next, find));
  });
}

function matchesReverseChain(resource, filter, find) {
  const [, type, code, ...rest] = filter.code.split(':');
  const parameter = core.getSearchParameter(type, code);
  if (!parameter || !rest.length) {
    throw new OperationOutcomeError(badRequest(`Invalid search chain: ${filter.code}`));
  }
  const next = core.parseSearchRequest(type, { [rest.join(':')]: filter.value });
  refuseUnknown(type, next.filters);
  const own = `${resource.resourceType}/${resource.id}`;
  return [...(find(type)?.values() ?? [])].some(
    (other) =>
      core.convertToSearchableReferences(valuesOf(other, parameter)).includes(own) &&
      next.filters.every((following) => matches(other, following, find)),
  );
}

function matchesExpression(resource, node, find) {
  if ('keyword' in node) {
    const left = matchesExpression(resource, node.left, find);
    return node.keyword === 'and'
      ? left && matchesExpression(resource, node.right, find)
      : left || matchesExpression(resource, node.right, find);
  }
  if ('child' in node) {
    return !matchesExpression(resource, node.child, find);
  }
  const operator = { co: 'contains', sw: 'eq' }[node.operator] ?? node.operator;
  const filter = { code: node.path, operator, value: node.value };
  refuseUnknown(resource.resourceType, [filter]);
  return matches(resource, filter, find);
}
