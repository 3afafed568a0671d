// Answers that are files on disk, streamed: a gigabyte passes with a few chunks in memory.
import { createReadStream, readFileSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

const CHUNK = 262144; // bytes

/** Send {status, headers, type, file, size, isGzipped}; `bytes` ends it early. */
export async function sendFile(response, answer, bytes) {
  const { status, headers, type, file, size, isGzipped } = answer;
  const length = isGzipped ? {} : { 'Content-Length': size };
  response.writeHead(status, { ...headers, 'Content-Type': type, ...length });
  if (!size) {
    response.end();
    return;
  }
  const end = (bytes ?? size) - 1;
  const source = createReadStream(file, { highWaterMark: CHUNK, end });
  const steps = isGzipped ? [source, createGzip(), response] : [source, response];
  try {
    await pipeline(steps, { end: bytes === undefined });
  } catch (error) {
    if (!response.destroyed) {
      throw error;
    } // else the client left
  }
}

/** The counts of a folder's files by name, where a counts.json says so. */
export function countsIn(folder) {
  try {
    return JSON.parse(readFileSync(`${folder}/counts.json`, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') {
      return {};
    }
    throw error;
  }
}
