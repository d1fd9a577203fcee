import type { Resource, Resources } from './resources.js';
import { noSuchResource, PageNotFound } from './status.js';

export interface Target {
  readonly resource: Resource;
  readonly namespace: string;
  readonly name: string;
  readonly subresource: string;
}

/** Reads `/api/v1/namespaces/x/pods/y/log` and its like. @throws StatusError 404 */
export function targetOf(path: string, resources: Resources): Target {
  const parts = path
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent);
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
