// ValueSet, CodeSystem and ConceptMap operations, over stored resources and FHIR's own.
import { core, allOk, badRequest, notFound, OperationOutcomeError } from './medplum.mjs';
import { all, isSet, one, result, valueOf } from './arguments.mjs';
import { definitionsOf } from './definitions.mjs';
import { store } from './world.mjs';

const PUBLISHED = ['valuesets', 'v3-codesystems', 'v2-tables', 'valuesets-medplum'];

const both = (path, run) => ['GET', 'POST'].map((method) => ({ method, path, run }));

export const TERMINOLOGY = [
  ...both('ValueSet/$expand', expand),
  ...both('ValueSet/$validate-code', validateInValueSet),
  ...both('ValueSet/:id/$validate-code', validateInValueSet),
  ...both('CodeSystem/$lookup', lookup),
  ...both('CodeSystem/:id/$lookup', lookup),
  ...both('CodeSystem/$validate-code', validateInCodeSystem),
  ...both('CodeSystem/:id/$validate-code', validateInCodeSystem),
  ...both('CodeSystem/$subsumes', subsumes),
  ...both('CodeSystem/:id/$subsumes', subsumes),
  { method: 'POST', path: 'CodeSystem/$import', run: importConcepts },
  { method: 'POST', path: 'CodeSystem/:id/$import', run: importConcepts },
  ...both('ConceptMap/$translate', translate),
  ...both('ConceptMap/:id/$translate', translate),
  { method: 'POST', path: 'ConceptMap/$import', run: importMappings },
  { method: 'POST', path: 'ConceptMap/:id/$import', run: importMappings },
];

function canonical(type, reference = '') {
  const [url] = reference.split('|');
  const stored = [...(store.resources.get(type)?.values() ?? [])].find((r) => r.url === url);
  return stored ?? PUBLISHED.map((file) => definitionsOf(file).get(`${type} ${url}`)).find(Boolean);
}

function target(type, req, ...names) {
  const { id } = req.params;
  if (id) {
    return store.find(type, id) ?? fail(notFound);
  }
  const url = names.map((name) => one(req, name)).find(Boolean);
  return canonical(type, url) ?? fail(badRequest(`${type} ${url ?? ''} not found`));
}

function fail(outcome) {
  throw new OperationOutcomeError(outcome);
}

function expand(req) {
  const valueSet = target('ValueSet', req, 'url');
  const filter = String(one(req, 'filter') ?? '').toLowerCase();
  const offset = Number(one(req, 'offset') ?? 0);
  const count = Math.min(Number(one(req, 'count') ?? 10), 1000);
  const codes = codesOf(valueSet).filter(({ code, display = '' }) =>
    `${code} ${display}`.toLowerCase().includes(filter),
  );
  const expansion = {
    timestamp: new Date().toISOString(),
    total: codes.length,
    offset,
    contains: codes.slice(offset, offset + count),
  };
  const { compose, text, contact, ...kept } = valueSet;
  return [allOk, { ...kept, expansion }];
}

function codesOf(valueSet) {
  if (valueSet.expansion && !valueSet.compose) {
    return valueSet.expansion.contains ?? [];
  }
  const excluded = new Set((valueSet.compose?.exclude ?? []).flatMap(included).map(keyOf));
  return (valueSet.compose?.include ?? []).flatMap(included).filter((c) => !excluded.has(keyOf(c)));
}

const keyOf = ({ system, code }) => `${system}|${code}`;

function included({ system, concept, filter = [], valueSet = [] }) {
  const nested = valueSet.flatMap((url) =>
    codesOf(canonical('ValueSet', url) ?? fail(badRequest(`ValueSet ${url} not found`))),
  );
  if (!system) {
    return nested;
  }
  if (concept) {
    return concept.map(({ code, display }) => ({
      system,
      code,
      display: display ?? find(system, code)?.display,
    }));
  }
  const isA = filter.find(({ op }) => op === 'is-a')?.value;
  const tree = canonical('CodeSystem', system)?.concept ?? [];
  return flatten(isA ? [search(tree, isA)].filter(Boolean) : tree).map(({ code, display }) => ({
    system,
    code,
    display,
  }));
}

function flatten(concepts = []) {
  return concepts.flatMap((concept) => [concept, ...flatten(concept.concept)]);
}

const search = (tree, code) => flatten(tree).find((concept) => concept.code === code);
const find = (system, code) => search(canonical('CodeSystem', system)?.concept, code);

/** The coding asked about, in any of the forms that FHIR allows. */
function askedCodings(req, systemName) {
  const concept = one(req, 'codeableConcept')?.coding ?? [];
  const coding = all(req, 'coding').concat(concept);
  const code = one(req, 'code') ?? one(req, 'sourceCode');
  return code ? [{ system: one(req, systemName), code }, ...coding] : coding;
}

function validateInValueSet(req) {
  const codes = codesOf(target('ValueSet', req, 'url'));
  const asked = askedCodings(req, 'system');
  const found = asked
    .map((a) => codes.find((c) => c.code === a.code && (!a.system || c.system === a.system)))
    .find(Boolean);
  return [
    allOk,
    result({ result: { valueBoolean: Boolean(found) }, display: { valueString: found?.display } }),
  ];
}

function validateInCodeSystem(req) {
  const [asked] = askedCodings(req, 'system');
  const system =
    req.params.id || one(req, 'url')
      ? target('CodeSystem', req, 'url')
      : canonical('CodeSystem', asked?.system);
  const found = search(system?.concept, asked?.code);
  return [
    allOk,
    result({ result: { valueBoolean: Boolean(found) }, display: { valueString: found?.display } }),
  ];
}

function lookup(req) {
  const [asked] = askedCodings(req, 'system');
  const system = req.params.id
    ? store.find('CodeSystem', req.params.id)
    : canonical('CodeSystem', asked?.system);
  const found = search(system?.concept, asked?.code) ?? fail(notFound);
  const answer = result({
    name: { valueString: system.title ?? system.name },
    display: { valueString: found.display },
    definition: { valueString: found.definition },
  });
  for (const property of found.property ?? []) {
    const { code, ...value } = property;
    answer.parameter.push({
      name: 'property',
      part: [
        { name: 'code', valueCode: code },
        { name: 'value', ...value },
      ],
    });
  }
  return [allOk, answer];
}

function subsumes(req) {
  const system = target('CodeSystem', req, 'system', 'url');
  const [a, b] = ['A', 'B']
    .map((side) => one(req, `code${side}`) ?? one(req, `coding${side}`)?.code)
    .map((code) => search(system.concept, code) ?? fail(badRequest('Code not found')));
  const holds = (outer, inner) => flatten(outer.concept).includes(inner);
  const below = holds(a, b) ? 'subsumes' : holds(b, a) ? 'subsumed-by' : 'not-subsumed';
  return [allOk, result({ outcome: { valueCode: a === b ? 'equivalent' : below } })];
}

async function importConcepts(req, repo) {
  const found = target('CodeSystem', req, 'system', 'url');
  const added = all(req, 'concept').map(({ code, display }) => ({
    code,
    ...(display ? { display } : {}),
  }));
  const fresh = added.filter(({ code }) => !search(found.concept, code));
  const written = await repo.updateResource({
    ...found,
    concept: [...(found.concept ?? []), ...fresh],
  });
  return [allOk, written];
}

function translate(req) {
  const map =
    req.params.id || one(req, 'url')
      ? target('ConceptMap', req, 'url')
      : mapFrom(one(req, 'source'));
  const [coding] = askedCodings(req, 'system');
  const input = { coding, targetsystem: one(req, 'targetsystem') ?? one(req, 'targetSystem') };
  const { result: isMapped, match = [] } = core.conceptMapTranslate(map, input);
  const matches = match.map(({ equivalence, concept }) => ({
    name: 'match',
    part: [
      { name: 'equivalence', valueCode: equivalence },
      { name: 'concept', valueCoding: concept },
    ],
  }));
  return [
    allOk,
    {
      resourceType: 'Parameters',
      parameter: [{ name: 'result', valueBoolean: Boolean(isMapped) }, ...matches],
    },
  ];
}

function mapFrom(source) {
  const maps = [...(store.resources.get('ConceptMap')?.values() ?? [])];
  return (
    maps.find((m) => source && [m.sourceCanonical, m.sourceUri].includes(source)) ??
    fail(badRequest('ConceptMap not found'))
  );
}

async function importMappings(req, repo) {
  const map = target('ConceptMap', req, 'url');
  const groups = core.deepClone(map.group ?? []);
  for (const parts of all(req, 'mapping')) {
    const part = Object.fromEntries(parts.map((p) => [p.name, valueOf(p)]));
    const { source, target: to } = part;
    let group = groups.find((g) => g.source === source.system && g.target === to.system);
    group ?? groups.push((group = { source: source.system, target: to.system, element: [] }));
    const relation = {
      code: to.code,
      display: to.display,
      equivalence: part.relationship ?? 'equivalent',
    };
    group.element.push({ code: source.code, display: source.display, target: [relation] });
  }
  return [allOk, await repo.updateResource({ ...map, group: groups })];
}
