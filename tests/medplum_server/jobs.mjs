// Asynchronous work: AsyncJob resources whose work is done at once and whose end shows after
// `config.jobPolls` polls.
import { core, allOk } from './medplum.mjs';
import { state } from './state.mjs';
import { store, system } from './world.mjs';

export function parameters(values) {
  const parameter = Object.entries(values).map(([name, value]) => ({ name, ...value }));
  return { resourceType: 'Parameters', parameter };
}

/** Begin `run` after the answer has left; returns what answers the kick-off. */
export async function startJob(call, caller, run) {
  const job = await store.as(caller).createResource({
    resourceType: 'AsyncJob',
    status: 'accepted',
    request: call.origin + call.target.slice(1),
    requestTime: new Date().toISOString(),
  });
  const entry = { polls: 0 };
  state.jobs.set(job.id, entry);
  setImmediate(async () => {
    entry.result = await resultOf(run);
  });
  return [core.accepted(`${call.origin}fhir/R4/job/${job.id}/status`)];
}

async function resultOf(run) {
  const failed = (outcome) => ({
    status: 'error',
    output: parameters({ outcome: { resource: outcome } }),
  });
  if (state.config.jobFailure) {
    return failed(core.serverError(new Error('The job was told to fail')));
  }
  try {
    return { status: 'completed', output: await run() };
  } catch (error) {
    return failed(core.normalizeOperationOutcome(error));
  }
}

/** One poll: after enough of them a finished job's end is written into its AsyncJob. */
export async function pollJob(id) {
  const entry = state.jobs.get(id);
  const job = store.find('AsyncJob', id);
  if (!entry || !job || job.status !== 'accepted') {
    return;
  }
  entry.polls += 1;
  if (entry.polls > state.config.jobPolls && entry.result) {
    const transactionTime = new Date().toISOString();
    await system().updateResource({ ...job, ...entry.result, transactionTime });
  }
}

export async function jobStatus(req, repo) {
  await pollJob(req.params.id);
  const job = await repo.readResource('AsyncJob', req.params.id);
  const isFinished = ['completed', 'error'].includes(job.status);
  return [isFinished ? allOk : core.accepted('job'), job];
}

/** `DELETE job/:id/status` */
export async function dropJob(req, repo) {
  const [outcome] = await cancelJob(req, repo);
  return [core.isOk(outcome) ? core.accepted('job') : outcome];
}

export async function cancelJob(req, repo) {
  const job = await repo.readResource('AsyncJob', req.params.id);
  if (['completed', 'error'].includes(job.status)) {
    return [
      core.badRequest(
        `AsyncJob cannot be cancelled if status is not 'accepted', job had status '${job.status}'`,
      ),
    ];
  }
  await system().updateResource({ ...store.find('AsyncJob', job.id), status: 'cancelled' });
  return [allOk];
}
