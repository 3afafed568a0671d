// The pinned packages, under the names that the other modules use.
// Arguments of the process: the node_modules folder, the folder of Medplum's R4 definitions, the
// folder of the extract made of them, and the options as JSON.
import { pathToFileURL } from 'node:url';

const [modules, definitions, extract, options] = process.argv.slice(2);

export const folders = { definitions, extract };
export const startOptions = JSON.parse(options ?? '{}');

const load = (path) => import(pathToFileURL(`${modules}/${path}`).href);

export const core = await load('@medplum/core/dist/esm/index.mjs');
export const { FhirRouter, MemoryRepository } = await load(
  '@medplum/fhir-router/dist/esm/index.mjs',
);
export const { allOk, badRequest, created, notFound, OperationOutcomeError } = core;
