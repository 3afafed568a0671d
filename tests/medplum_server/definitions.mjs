// Loads FHIR's and Medplum's definitions into @medplum/core. The profiles are 38 MB of JSON, mostly
// prose; the first start keeps an extract without it, and later starts read that.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { core, folders } from './medplum.mjs';

const EXTRACT_FORMAT = 1; // raise it when the extract holds something else

const KEPT_OF_DEFINITION = [
  'resourceType',
  'id',
  'url',
  'version',
  'name',
  'title',
  'kind',
  'abstract',
  'type',
  'baseDefinition',
  'derivation',
];
const KEPT_OF_ELEMENT = [
  'id',
  'path',
  'sliceName',
  'slicing',
  'min',
  'max',
  'base',
  'type',
  'contentReference',
  'isSummary',
  'isModifier',
];
const KEPT_OF_PARAMETER = [
  'resourceType',
  'id',
  'url',
  'name',
  'code',
  'base',
  'type',
  'expression',
  'target',
];

export let patientCompartment = new Map(); // resource type -> codes of its search parameters

export function loadDefinitions() {
  const { profiles, parameters, compartment } = readExtract();
  core.indexStructureDefinitionBundle(profiles);
  parameters.forEach((parameter) => core.indexSearchParameter(parameter));
  patientCompartment = new Map(Object.entries(compartment));
}

/** Medplum's conformance resources of one file, by URL; the files are large, so read when asked. */
export function definitionsOf(file) {
  if (!read.has(file)) {
    const resources = readBundle(file);
    read.set(file, new Map(resources.map((r) => [`${r.resourceType} ${r.url}`, r])));
  }
  return read.get(file);
}
const read = new Map();

function readExtract() {
  const path = `${folders.extract}/${EXTRACT_FORMAT}.json`;
  if (existsSync(path)) {
    return JSON.parse(readFileSync(path, 'utf8'));
  }
  const extract = makeExtract();
  mkdirSync(folders.extract, { recursive: true });
  const part = `${path}.${process.pid}.part`;
  writeFileSync(part, JSON.stringify(extract));
  renameSync(part, path);
  return extract;
}

function makeExtract() {
  const profiles = ['profiles-types', 'profiles-resources', 'profiles-medplum']
    .flatMap(readBundle)
    .filter((r) => r.resourceType === 'StructureDefinition')
    .map(leanDefinition);
  const parameters = ['search-parameters', 'search-parameters-medplum', 'search-parameters-uscore']
    .flatMap(readBundle)
    .filter((r) => r.resourceType === 'SearchParameter')
    .map((parameter) => pick(parameter, KEPT_OF_PARAMETER));
  const definition = JSON.parse(
    readFileSync(`${folders.definitions}/compartmentdefinition-patient.json`, 'utf8'),
  );
  const members = definition.resource.filter((r) => r.param).map((r) => [r.code, r.param]);
  return { profiles, parameters, compartment: Object.fromEntries(members) };
}

function readBundle(file) {
  const bundle = JSON.parse(readFileSync(`${folders.definitions}/${file}.json`, 'utf8'));
  return bundle.entry.map((entry) => entry.resource);
}

function leanDefinition(definition) {
  const lean = pick(definition, KEPT_OF_DEFINITION);
  lean.snapshot = { element: definition.snapshot.element.map(leanElement) };
  return lean;
}

function leanElement(element) {
  const lean = pick(element, KEPT_OF_ELEMENT);
  for (const [key, value] of Object.entries(element)) {
    if (/^(fixed|pattern)[A-Z]/.test(key)) {
      lean[key] = value;
    }
  }
  if (element.binding) {
    lean.binding = pick(element.binding, ['strength', 'valueSet']);
  }
  lean.constraint = element.constraint?.map((c) =>
    pick(c, ['key', 'severity', 'human', 'expression']),
  );
  return lean;
}

function pick(value, keys) {
  return Object.fromEntries(keys.filter((key) => key in value).map((key) => [key, value[key]]));
}
