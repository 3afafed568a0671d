// Clinical operations, each with the small meaning that a memory of resources allows.
import { core, allOk, badRequest } from './medplum.mjs';
import { one } from './arguments.mjs';
import { storeBinary } from './binary.mjs';

const both = (path, run) => ['GET', 'POST'].map((method) => ({ method, path, run }));

export const CLINICAL = [
  ...both('QuestionnaireResponse/:id/$extract', extract),
  { method: 'POST', path: 'QuestionnaireResponse/$extract', run: extract },
  { method: 'POST', path: 'PlanDefinition/:id/$apply', run: applyPlan },
  { method: 'POST', path: 'ChargeItemDefinition/:id/$apply', run: applyCharge },
  ...both('Measure/:id/$evaluate-measure', evaluateMeasure),
  ...both('Claim/:id/$export', exportClaim),
  { method: 'POST', path: 'Claim/$export', run: exportClaim },
];

/** One Observation for every answer, as Questionnaire's observationExtract would give. */
async function extract(req, repo) {
  const response = req.params.id
    ? await repo.readResource('QuestionnaireResponse', req.params.id)
    : one(req, 'questionnaire-response');
  if (!response) {
    return [
      badRequest("Expected 1 value(s) for required input parameter 'questionnaire-response'"),
    ];
  }
  const entry = itemsOf(response.item).flatMap(({ linkId, text, answer = [] }) =>
    answer.map((value) => ({
      fullUrl: `urn:uuid:${core.generateId()}`,
      request: { method: 'POST', url: 'Observation' },
      resource: {
        resourceType: 'Observation',
        status: 'final',
        code: { text: text ?? linkId },
        ...(response.subject ? { subject: response.subject } : {}),
        ...value,
      },
    })),
  );
  return [
    allOk,
    { resourceType: 'Bundle', type: 'transaction', ...(entry.length ? { entry } : {}) },
  ];
}

function itemsOf(items = []) {
  return items.flatMap((item) => [item, ...itemsOf(item.item)]);
}

async function applyPlan(req, repo) {
  const plan = await repo.readResource('PlanDefinition', req.params.id);
  const subject = one(req, 'subject');
  if (!subject) {
    return [badRequest("Expected at least 1 value(s) for required input parameter 'subject'")];
  }
  const reference = { reference: typeof subject === 'string' ? subject : subject.reference };
  const canonical = plan.url ?? `PlanDefinition/${plan.id}`;
  const action = [];
  for (const { id, title, description } of plan.action ?? []) {
    const task = await repo.createResource({
      resourceType: 'Task',
      status: 'requested',
      intent: 'order',
      for: reference,
      ...(title ? { code: { text: title } } : {}),
      ...(description ? { description } : {}),
    });
    action.push({
      ...(id ? { id } : {}),
      ...(title ? { title } : {}),
      resource: { reference: `Task/${task.id}` },
    });
  }
  const group = await repo.createResource({
    resourceType: 'RequestGroup',
    status: 'active',
    intent: 'order',
    subject: reference,
    instantiatesCanonical: [canonical],
    ...(action.length ? { action } : {}),
  });
  return [
    allOk,
    await repo.createResource({
      resourceType: 'CarePlan',
      status: 'active',
      intent: 'order',
      subject: reference,
      instantiatesCanonical: [canonical],
      activity: [{ reference: { reference: `RequestGroup/${group.id}` } }],
    }),
  ];
}

async function applyCharge(req, repo) {
  const definition = await repo.readResource('ChargeItemDefinition', req.params.id);
  const target = one(req, 'chargeItem');
  if (!target) {
    return [badRequest("Expected 1 value(s) for required input parameter 'chargeItem'")];
  }
  const charge = await repo.readReference(target);
  const component = definition.propertyGroup?.[0]?.priceComponent?.find(
    ({ type }) => type === 'base',
  );
  const priceOverride = component?.amount;
  return [
    allOk,
    await repo.updateResource({ ...charge, ...(priceOverride ? { priceOverride } : {}) }),
  ];
}

async function evaluateMeasure(req, repo) {
  const measure = await repo.readResource('Measure', req.params.id);
  const [start, end] = [one(req, 'periodStart'), one(req, 'periodEnd')];
  if (!start || !end) {
    return [
      badRequest(
        `Expected 1 value(s) for required input parameter 'period${start ? 'End' : 'Start'}'`,
      ),
    ];
  }
  return [
    allOk,
    await repo.createResource({
      resourceType: 'MeasureReport',
      status: 'complete',
      type: 'summary',
      period: { start, end },
      measure: measure.url ?? `Measure/${measure.id}`,
      date: new Date().toISOString(),
      group: [{ measureScore: { value: 0 } }],
    }),
  ];
}

async function exportClaim(req, repo) {
  const claim = req.params.id
    ? await repo.readResource('Claim', req.params.id)
    : one(req, 'resource');
  if (claim?.resourceType !== 'Claim') {
    return [badRequest("Expected 1 value(s) for required input parameter 'resource'")];
  }
  const file = await storeBinary(repo, 'application/pdf', '%PDF-1.4\n%%EOF\n');
  const content = {
    contentType: 'application/pdf',
    url: `Binary/${file.id}`,
    title: 'cms-1500.pdf',
  };
  return [
    allOk,
    await repo.createResource({
      resourceType: 'Media',
      status: 'completed',
      content,
      ...(claim.patient ? { subject: claim.patient } : {}),
    }),
  ];
}
