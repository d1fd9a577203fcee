import type { Resource, Resources } from './resources.js';
import { badRequest, noSuchResource, PageNotFound } from './status.js';

export interface Target {
  readonly resource: Resource;
  readonly namespace: string;
  readonly name: string;
  readonly subresource: string;
}

/** @throws StatusError 400 */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw badRequest(`invalid URL escape ${JSON.stringify(part)}`);
  }
}

/** Reads `/api/v1/namespaces/x/pods/y/log` and its like. @throws StatusError 404 */
export function targetOf(path: string, resources: Resources): Target {
  const parts = path
    .split('/')
    .filter((part) => part !== '')
    .map(decoded);
  const [root, ...rest] = parts;
  const [group, version, ...tail] = root === 'api' ? ['', ...rest] : rest;
  if ((root !== 'api' && root !== 'apis') || group === undefined || version === undefined) throw new PageNotFound();
  if (!resources.all().some((one) => one.group === group)) throw new PageNotFound();
  const inNamespace =
    tail[0] === 'namespaces' && tail.length > 2 && resources.find(group, version, tail[2]!)?.namespaced === true;
  const [plural = '', name = '', ...sub] = inNamespace ? tail.slice(2) : tail;
  const resource = resources.find(group, version, plural);
  if (!resource) throw noSuchResource();
  const subresource = sub.join('/');
  if (subresource !== '' && !resource.subresources.includes(subresource)) throw noSuchResource();
  return { resource, namespace: inNamespace ? tail[1]! : '', name, subresource };
}
