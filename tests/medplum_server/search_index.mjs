// Narrows a search to the resources that hold an identifier or a reference, so that a search by
// identifier among thousands is quick. Whether they match is decided elsewhere.
import { core } from './medplum.mjs';

export class SearchIndex {
  #keys = new Map(); // 'Type=identifier value' or 'Type>reference' -> ids

  add(resource) {
    for (const key of keysOf(resource)) {
      if (!this.#keys.has(key)) {
        this.#keys.set(key, new Set());
      }
      this.#keys.get(key).add(resource.id);
    }
  }

  remove(resource) {
    for (const key of keysOf(resource)) {
      const ids = this.#keys.get(key);
      ids?.delete(resource.id);
      if (!ids?.size) {
        this.#keys.delete(key);
      }
    }
  }

  clear() {
    this.#keys.clear();
  }

  /** The ids that could match, or undefined when all could. */
  candidates(type, filters) {
    let fewest;
    for (const filter of filters ?? []) {
      const found = this.#candidatesOf(type, filter);
      if (found && (!fewest || found.length < fewest.length)) {
        fewest = found;
      }
    }
    return fewest;
  }

  #candidatesOf(type, { code, operator, value }) {
    if (operator !== 'eq' || !value || /[.:]/.test(code)) {
      return undefined;
    }
    const wanted = core.splitSearchOnComma(value);
    if (code === '_id') {
      return wanted;
    }
    if (code === 'identifier') {
      const values = wanted.map((token) => token.split('|').at(-1).toLowerCase());
      return values.every(Boolean) ? this.#union(values.map((v) => `${type}=${v}`)) : undefined;
    }
    const parameter = core.getSearchParameter(type, code);
    if (
      parameter?.type === 'reference' &&
      code !== '_compartment' &&
      wanted.every((reference) => reference.includes('/'))
    ) {
      return this.#union(wanted.map((reference) => `${type}>${reference}`));
    }
    return undefined;
  }

  #union(keys) {
    return [...new Set(keys.flatMap((key) => [...(this.#keys.get(key) ?? [])]))];
  }
}

function keysOf(resource) {
  const keys = new Set();
  collect(resource, resource.resourceType, keys);
  return keys;
}

/** A canonical or uri is a reference to a search too: any string under such a name counts. */
function collect(value, type, keys) {
  if (Array.isArray(value)) {
    value.forEach((item) => collect(item, type, keys));
  } else if (typeof value === 'object' && value !== null) {
    if (typeof value.value === 'string') {
      keys.add(`${type}=${value.value.toLowerCase()}`);
    }
    Object.values(value).forEach((item) => collect(item, type, keys));
  } else if (typeof value === 'string' && value.includes('/')) {
    keys.add(`${type}>${value}`);
  }
}
