// Two FHIRPath engines as one filter: a resource with expressions per line in, the answers of
// Medplum's engine and of fhirpath.js out; null stands for an expression that fails.
// Arguments: the path of @medplum/core's index.mjs, a folder with fhirpath.js in its node_modules.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const [core, folder] = process.argv.slice(2);
const { evalFhirPathTyped, toTypedValue } = await import(core);
const require = createRequire(`${folder}/`);
const fhirpath = require('fhirpath');
const model = require('fhirpath/fhir-context/r4');
const compiled = new Map();

function askMedplum(resource, expression) {
  const focus = toTypedValue(resource);
  const variables = {
    '%context': focus,
    '%resource': focus,
    '%rootResource': focus,
    '%ucum': toTypedValue('http://unitsofmeasure.org'),
  };
  return evalFhirPathTyped(expression, [focus], variables).map((item) => item.value);
}

function askFhirPathJs(resource, expression) {
  if (!compiled.has(expression)) {
    compiled.set(expression, fhirpath.compile(expression, model, { traceFn: () => {} }));
  }
  return compiled.get(expression)(resource, { resource, rootResource: resource });
}

function answer(ask, resource, expression) {
  try {
    return ask(resource, expression);
  } catch {
    return null;
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const { resource, expressions } = JSON.parse(line);
  const answers = [askMedplum, askFhirPathJs].map((ask) =>
    expressions.map((expression) => answer(ask, resource, expression)),
  );
  process.stdout.write(`${JSON.stringify(answers)}\n`);
}
