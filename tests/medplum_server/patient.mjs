// Patient operations: everything, the summary document, the C-CDA document.
import { core, allOk, badRequest } from './medplum.mjs';
import { all, one } from './arguments.mjs';
import { patientsOf } from './metadata.mjs';
import { store } from './world.mjs';

const both = (path, run) => ['GET', 'POST'].map((method) => ({ method, path, run }));

export const PATIENT = [
  ...both('Patient/:id/$everything', everything),
  ...both('Patient/:id/$summary', summary),
  ...both('Patient/:id/$ccda-export', exportCcda),
];

function compartment(id) {
  const own = `Patient/${id}`;
  return [...store.resources.values()]
    .flatMap((resources) => [...resources.values()])
    .filter(
      (resource) => resource.resourceType !== 'Patient' && patientsOf(resource).includes(own),
    );
}

function referredBy(resources) {
  const text = JSON.stringify(resources.map(({ meta, ...rest }) => rest));
  const references = [...text.matchAll(/"reference":"(\w+)\/([\w-]+)"/g)];
  return references
    .filter(([, type]) => type !== 'Patient')
    .map(([, type, id]) => store.find(type, id))
    .filter(Boolean);
}

async function everything(req, repo) {
  const patient = await repo.readResource('Patient', req.params.id);
  if (req.method === 'GET' && typeof req.query._type === 'string') {
    return [badRequest("Expected array for input parameter '_type'")]; // Medplum's own limit
  }
  const types = all(req, '_type');
  const since = one(req, '_since') ?? '';
  const members = compartment(patient.id);
  const found = [
    ...new Map(
      [patient, ...members, ...referredBy([patient, ...members])].map((r) => [r.id, r]),
    ).values(),
  ].filter((r) => (!types.length || types.includes(r.resourceType)) && r.meta.lastUpdated >= since);
  return [allOk, pageOf(found, req, repo)];
}

function pageOf(found, req, repo) {
  const count = Math.min(Number(one(req, '_count') ?? 1000), 1000);
  const offset = Number(one(req, '_offset') ?? 0);
  const entry = found.slice(offset, offset + count).map((resource) => ({
    fullUrl: repo.urlOf(resource.resourceType, resource.id),
    resource: repo.show(resource),
  }));
  const hasMore = found.length > offset + count;
  const base = `${repo.urlOf('Patient', req.params.id)}/$everything`;
  return {
    resourceType: 'Bundle',
    type: 'searchset',
    ...(entry.length ? { entry } : {}),
    ...(hasMore
      ? { link: [{ relation: 'next', url: `${base}?_count=${count}&_offset=${offset + count}` }] }
      : {}),
  };
}

async function summary(req, repo) {
  const patient = await repo.readResource('Patient', req.params.id);
  const resources = compartment(patient.id).map((resource) => repo.show(resource));
  const reference = `Patient/${patient.id}`;
  const composition = {
    resourceType: 'Composition',
    id: core.generateId(),
    status: 'final',
    type: {
      coding: [
        { system: 'http://loinc.org', code: '60591-5', display: 'Patient summary Document' },
      ],
    },
    subject: { reference },
    author: [{ reference: repo.caller.author.reference }],
    date: new Date().toISOString(),
    title: 'Medical Summary',
    section: sectionsOf(resources),
  };
  const entry = [composition, patient, ...resources].map((resource) => ({
    fullUrl: `urn:uuid:${resource.id}`,
    resource,
  }));
  const timestamp = new Date().toISOString();
  return [allOk, { resourceType: 'Bundle', type: 'document', timestamp, entry }];
}

const SECTIONS = {
  AllergyIntolerance: ['48765-2', 'Allergies'],
  Condition: ['11450-4', 'Problems'],
  MedicationRequest: ['10160-0', 'Medications'],
  Immunization: ['11369-6', 'Immunizations'],
  Procedure: ['47519-4', 'Procedures'],
  Observation: ['30954-2', 'Results'],
};

function sectionsOf(resources) {
  return Object.entries(SECTIONS).map(([type, [code, title]]) => {
    const entry = resources
      .filter((r) => r.resourceType === type)
      .map((r) => ({ reference: `${type}/${r.id}` }));
    return {
      title,
      code: { coding: [{ system: 'http://loinc.org', code }] },
      ...(entry.length ? { entry } : { emptyReason: { text: 'No information' } }),
    };
  });
}

async function exportCcda(req, repo) {
  const patient = await repo.readResource('Patient', req.params.id);
  const { given = [], family = '' } = patient.name?.[0] ?? {};
  const sections = sectionsOf(compartment(patient.id)).map(
    ({ title }) => `<component><section><title>${title}</title></section></component>`,
  );
  const document =
    '<?xml version="1.0" encoding="UTF-8"?>\n' +
    '<ClinicalDocument xmlns="urn:hl7-org:v3"><title>Medical Summary</title>' +
    `<recordTarget><patientRole><id root="${patient.id}"/><patient><name>` +
    given.map((part) => `<given>${escape(part)}</given>`).join('') +
    `<family>${escape(family)}</family></name></patient></patientRole></recordTarget>` +
    `<component><structuredBody>${sections.join('')}</structuredBody></component></ClinicalDocument>`;
  const data = Buffer.from(document).toString('base64');
  return [allOk, { resourceType: 'Binary', contentType: 'application/cda+xml', data }];
}

const escape = (value) => value.replace(/[<>&"]/g, (c) => `&#${c.charCodeAt(0)};`);
