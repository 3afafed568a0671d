// Narrows a search to the resources that hold an identifier, a tag or a reference, so that a search
// by one of them among thousands is quick. Whether they match is decided elsewhere.
import { core } from './medplum.mjs';

const TOKENS = { identifier: '=', _tag: '#' };

export class SearchIndex {
  // 'Type=value' and 'Type=system|value' of identifiers, 'Type#code' and 'Type#system|code' of tags,
  // 'Type>reference' -> ids
  #keys = new Map();

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
    if (Object.hasOwn(TOKENS, code)) {
      const tokens = wanted.map(tokenKey);
      return tokens.every(Boolean)
        ? this.#union(tokens.map((token) => `${type}${TOKENS[code]}${token}`))
        : undefined;
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

/** `system|code` and `code` have keys; `|code` is looked for as `code`, `system|` not at all. */
function tokenKey(token) {
  const [system, code] = token.includes('|') ? token.split('|') : ['', token];
  return code && keyOf(system, code);
}

const keyOf = (system, code) => `${system ? `${system}|` : ''}${code}`.toLowerCase();

function keysOf(resource) {
  const keys = new Set();
  const type = resource.resourceType;
  collect(resource, type, keys);
  for (const { system, code } of resource.meta?.tag ?? []) {
    putToken(keys, `${type}#`, system, code);
  }
  return keys;
}

function putToken(keys, prefix, system, code) {
  if (typeof code === 'string') {
    keys.add(prefix + keyOf('', code));
    keys.add(prefix + keyOf(system, code));
  }
}

/** A canonical or uri is a reference to a search too: any string under such a name counts. */
function collect(value, type, keys) {
  if (Array.isArray(value)) {
    value.forEach((item) => collect(item, type, keys));
  } else if (typeof value === 'object' && value !== null) {
    putToken(keys, `${type}=`, value.system, value.value);
    Object.values(value).forEach((item) => collect(item, type, keys));
  } else if (typeof value === 'string' && value.includes('/')) {
    keys.add(`${type}>${value}`);
  }
}
