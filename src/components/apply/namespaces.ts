import { podSecurityPrefix } from '../pod-security.js';
import type { KubeObject } from '../../kube/types.js';

/** On a Namespace: the Pod Security level that Slipway set, by which it knows its own from somebody else's. */
export const podSecurityAnnotation = 'slipway.dev/pod-security';

const level = `${podSecurityPrefix}enforce`;

/**
 * A Namespace as it is applied: with our labels beside those it has. A Pod Security level that somebody else set is
 * theirs and stays; the one we set follows the components.
 */
export function namespaceToApply(rendered: KubeObject, live: KubeObject | undefined): KubeObject {
  const { labels = {}, annotations, ...metadata } = rendered.metadata;
  const desired = labels[level];
  if (desired === undefined) return rendered;
  const present = live?.metadata.labels?.[level];
  const isOurs = present === undefined || present === live?.metadata.annotations?.[podSecurityAnnotation];
  if (isOurs)
    return {
      ...rendered,
      metadata: { ...metadata, labels, annotations: { ...annotations, [podSecurityAnnotation]: desired } },
    };
  const others = Object.entries(labels).filter(([key]) => !key.startsWith(podSecurityPrefix));
  return {
    ...rendered,
    metadata: { ...metadata, labels: Object.fromEntries(others), ...(annotations ? { annotations } : {}) },
  };
}
