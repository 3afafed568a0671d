// The manifest of a finished export. Each poll signs the links anew; the paths stay.
import { presign, storageUrl } from './storage.mjs';
import { state } from './state.mjs';

const PAGE = 'page';

/** {manifest, headers} of one page; there is one unless `config.exportPages` says more. */
export function manifestOf(found, query) {
  const { config } = state;
  const seconds = takeLifetime();
  const page = Number(query.get(PAGE) ?? 1);
  const listed = (items) => items.map((item) => linked(item, found, seconds));
  const manifest = {
    transactionTime: found.transactionTime,
    request: found.request,
    requiresAccessToken: found.requiresAccessToken,
    output: listed(pageOf(found.output, page)),
    error: page === 1 ? listed(found.error) : [],
    deleted: page === 1 ? listed(found.deleted) : [],
    ...(page < config.exportPages
      ? { link: [{ relation: 'next', url: `${found.status}?${PAGE}=${page + 1}` }] }
      : {}),
    ...config.manifestPatch,
  };
  const expires = new Date(Date.now() + seconds * 1000).toUTCString();
  return { manifest, headers: found.dialect === 'ig' ? { Expires: expires } : {} };
}

function takeLifetime() {
  const { config } = state;
  if (config.expiredManifests <= 0) {
    return config.linkLifetime;
  }
  config.expiredManifests -= 1;
  return -1;
}

function pageOf(items, page) {
  const size = Math.ceil(items.length / state.config.exportPages);
  return items.slice((page - 1) * size, page * size);
}

function linked({ type, path, count }, found, seconds) {
  const shown = countOf(count, found.isCounted);
  return {
    type,
    url: urlOf(path, found, seconds),
    ...(shown === undefined ? {} : { count: shown }),
  };
}

function countOf(count, isCounted) {
  const { exportCounts } = state.config;
  if (count === undefined || !(exportCounts ?? isCounted)) {
    return undefined;
  }
  return exportCounts === 'wrong' ? count + 1 : count;
}

function urlOf(path, found, seconds) {
  if (!state.files.get(path)?.needsToken) {
    return presign(path, seconds);
  }
  const isElsewhere = state.config.exportElsewhere;
  return isElsewhere ? storageUrl(path) : new URL(`/${path}`, found.status).href;
}
