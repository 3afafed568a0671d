// The two RateLimit headers and the refusals behind them: requests, and FHIR interactions by cost.
import { core, OperationOutcomeError } from './medplum.mjs';
import { state } from './state.mjs';

const COSTS = {
  read: 1,
  vread: 1,
  'search-type': 20,
  'search-system': 20,
  'history-instance': 10,
  create: 100,
  update: 100,
  patch: 100,
  delete: 100,
  operation: 20,
  batch: 0,
};

export function rateLimitHeaders() {
  const { limits } = state.config;
  const { usage } = renewed();
  const line = (name) =>
    `"${name}";r=${Math.max(0, limits[name] - usage[name])};t=${Math.ceil(left() / 1000)}`;
  return { RateLimit: [line('requests'), line('fhirInteractions')] };
}

/** Count one request. Throws the 429 of Medplum when none is left. */
export function chargeRequest() {
  charge('requests', 1);
}

export function chargeInteraction(interaction) {
  charge('fhirInteractions', COSTS[interaction] ?? 1);
}

function charge(name, cost) {
  const { usage, config } = renewed();
  if (config.limits.enforced && usage[name] + cost > config.limits[name]) {
    throw new OperationOutcomeError(tooMany(left(), config.limits[name], usage[name]));
  }
  usage[name] += cost;
}

/** A 429 as older servers word it (`diagnostics`) or as newer ones do (`extension`). */
export function tooMany(msBeforeNext, points = 0, consumed = 0) {
  const outcome = structuredClone(core.tooManyRequests);
  if (state.config.limits.reset === 'extension') {
    core.setRateLimitReset(outcome, msBeforeNext);
  } else {
    outcome.issue[0].diagnostics = JSON.stringify({
      _remainingPoints: Math.max(0, points - consumed),
      _msBeforeNext: Math.round(msBeforeNext),
      _consumedPoints: consumed,
      _isFirstInDuration: false,
    });
  }
  return outcome;
}

const left = () => state.usage.start + state.config.limits.window * 1000 - Date.now();

function renewed() {
  if (left() <= 0) {
    state.usage = { start: Date.now(), requests: 0, fhirInteractions: 0 };
  }
  return state;
}
