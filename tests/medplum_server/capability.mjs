// What the server says of itself: CapabilityStatement and OpenAPI document.
import { core } from './medplum.mjs';
import { state } from './state.mjs';

const VERSION = '5.2.13';
const TYPE_INTERACTIONS = [
  'read',
  'vread',
  'update',
  'patch',
  'delete',
  'history-instance',
  'create',
  'search-type',
];
const exportOf = (name) => ({
  name: 'export',
  definition: `http://hl7.org/fhir/uv/bulkdata/OperationDefinition/${name}`,
});
const GROUP_EXPORT = exportOf('group-export'); // Medplum has the two others, and lists this alone
const PATIENT_EXPORT = exportOf('patient-export');
const SYSTEM_EXPORT = exportOf('export');
const coded = (codes) => codes.map((code) => ({ code }));

let resources; // the same for every origin, and long

export function capabilityStatement(origin) {
  resources ??= core.getResourceTypes().filter(isFhirs).sort().map(resourceCapability);
  const url = `${origin}fhir/R4`;
  const isGuides = state.config.exportDialect === 'ig';
  return {
    resourceType: 'CapabilityStatement',
    id: 'medplum-server',
    url: `${url}/metadata`,
    version: VERSION,
    name: 'MedplumCapabilityStatement',
    title: 'Medplum Capability Statement',
    status: 'active',
    date: new Date().toISOString(),
    publisher: 'Medplum',
    description: 'Medplum FHIR Capability Statement',
    kind: 'instance',
    instantiates: [
      'http://hl7.org/fhir/us/core/CapabilityStatement/us-core-server',
      'http://hl7.org/fhir/uv/bulkdata/CapabilityStatement/bulk-data',
    ],
    software: { name: 'medplum', version: VERSION },
    implementation: { description: 'medplum', url: `${url}/` },
    fhirVersion: '4.0.1',
    format: ['json'],
    patchFormat: ['application/json-patch+json'],
    rest: [
      {
        mode: 'server',
        security: security(origin),
        resource: isGuides ? resources.map(withExport) : resources,
        ...(isGuides ? { operation: [SYSTEM_EXPORT] } : {}),
        interaction: coded(['transaction', 'batch']),
        searchParam: ['_sort', '_total', '_count', '_summary', '_elements'].map((name) => ({
          name,
          definition: `https://www.hl7.org/fhir/search.html#${name}`,
          type: 'string',
        })),
      },
    ],
  };
}

function security(origin) {
  const system = 'http://terminology.hl7.org/CodeSystem/restful-security-service';
  return {
    cors: true,
    service: ['OAuth', 'Basic', 'SMART-on-FHIR'].map((code) => ({ coding: [{ system, code }] })),
    extension: [
      {
        url: 'http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris',
        extension: ['authorize', 'token'].map((name) => ({
          url: name,
          valueUri: `${origin}oauth2/${name}`,
        })),
      },
    ],
  };
}

// A server lists R4's types alone: not Medplum's own, nor the one borrowed from R4B.
function isFhirs(type) {
  const { url } = core.getDataType(type);
  return url.startsWith('http://hl7.org/fhir/') && type !== 'SubscriptionStatus';
}

function resourceCapability(type) {
  const parameters = Object.values(core.getSearchParameters(type) ?? {});
  return {
    type,
    profile: `http://hl7.org/fhir/StructureDefinition/${type}`,
    interaction: coded(TYPE_INTERACTIONS),
    versioning: 'versioned',
    readHistory: true,
    updateCreate: false,
    conditionalCreate: true,
    conditionalUpdate: true,
    conditionalRead: 'not-supported',
    conditionalDelete: 'single',
    referencePolicy: ['literal', 'logical', 'local'],
    ...(parameters.length ? { searchParam: parameters.map(searchParam) } : {}),
    ...(type === 'Group' ? { operation: [GROUP_EXPORT] } : {}),
  };
}

function withExport(capability) {
  return capability.type === 'Patient'
    ? { ...capability, operation: [PATIENT_EXPORT] }
    : capability;
}

function searchParam({ code, url, type }) {
  return { name: code, ...(url ? { definition: url } : {}), type };
}

const PATHS = {
  '/fhir/R4/{resourceType}': {
    get: ['Search', 'search', '200', 'Bundle'],
    post: ['Create Resource', 'createResource', '201', 'ResourceList'],
  },
  '/fhir/R4/{resourceType}/{id}': {
    get: ['Read Resource', 'readResource', '200', 'ResourceList'],
    put: ['Update Resource', 'updateResource', '200', 'ResourceList'],
    delete: ['Delete Resource', 'deleteResource', '204'],
    patch: ['Patch Resource', 'patchResource', '204'],
  },
  '/fhir/R4/{resourceType}/{id}/_history': {
    get: ['Read Resource History', 'readResourceHistory', '200', 'Bundle'],
  },
  '/fhir/R4/{resourceType}/{id}/_history/{versionId}': {
    get: ['Read Version', 'readVersion', '200', 'ResourceList'],
  },
};

export function openApi(origin) {
  const paths = Object.entries(PATHS).map(([path, methods]) => [
    path,
    Object.fromEntries(
      Object.entries(methods).map(([method, summary]) => [
        method,
        operation(path, method, summary),
      ]),
    ),
  ]);
  return {
    openapi: '3.1.0',
    info: { title: 'Medplum - OpenAPI 3.0', version: '1.0.5' },
    servers: [{ url: origin }],
    security: [{ BasicAuth: [], BearerAuth: [], OpenID: [] }],
    paths: Object.fromEntries(paths),
    components: {
      schemas: { Bundle: { type: 'object' }, ResourceList: { type: 'object' } },
      securitySchemes: {
        BasicAuth: { type: 'http', scheme: 'basic' },
        BearerAuth: { type: 'http', scheme: 'bearer' },
        OpenID: {
          type: 'openIdConnect',
          openIdConnectUrl: `${origin}.well-known/openid-configuration`,
        },
      },
    },
  };
}

function operation(path, method, [summary, operationId, status, schema]) {
  const content = (name) => ({
    'application/fhir+json': { schema: { $ref: `#/components/schemas/${name}` } },
  });
  const parameters = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string', ...(name === 'resourceType' ? {} : { format: 'uuid' }) },
  }));
  const hasBody = method === 'post' || method === 'put';
  return {
    summary,
    operationId,
    parameters,
    ...(hasBody ? { requestBody: { content: content('ResourceList'), required: true } } : {}),
    responses: {
      [status]: { description: 'Success', ...(schema ? { content: content(schema) } : {}) },
    },
  };
}
