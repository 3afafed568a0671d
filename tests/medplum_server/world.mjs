// The one store of the process, and how it is made as new.
import { PROJECT, SEEDS } from './seeds.mjs';
import { resetState } from './state.mjs';
import { Store } from './store.mjs';

export const store = new Store();

export function system(base) {
  return store.as({ author: { reference: 'system' }, project: PROJECT, isExtended: true, base });
}

export function resetWorld() {
  resetState();
  store.clear();
  for (const seed of SEEDS) {
    system().createResourceSync(seed, { assignedId: true });
  }
}
