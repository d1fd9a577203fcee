import { describe, expect, it } from 'vitest';

import type { KubeObject } from '../../../src/kube/types.js';
import { namespaceToApply, podSecurityAnnotation } from '../../../src/components/apply/namespaces.js';

const enforce = 'pod-security.kubernetes.io/enforce';
const managed = { 'app.kubernetes.io/managed-by': 'slipway' };
const namespace = (
  labels: Readonly<Record<string, string>>,
  annotations?: Readonly<Record<string, string>>,
): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: 'nats', labels, ...(annotations ? { annotations } : {}) },
});
const rendered = namespace({ ...managed, [enforce]: 'restricted' });
const ours = { [podSecurityAnnotation]: 'restricted' };

describe('the Pod Security level of a namespace', () => {
  it('is set, and remembered as ours, where there is none', () => {
    const marked = namespace({ ...managed, [enforce]: 'restricted' }, ours);
    expect(namespaceToApply(rendered, undefined)).toEqual(marked);
    expect(namespaceToApply(rendered, namespace({ team: 'blue' }))).toEqual(marked);
  });

  it('follows the components where it is ours', () => {
    const live = namespace({ [enforce]: 'privileged' }, { [podSecurityAnnotation]: 'privileged' });
    expect(namespaceToApply(rendered, live).metadata).toMatchObject({
      labels: { [enforce]: 'restricted' },
      annotations: ours,
    });
  });

  it('stays where somebody else set it, before us or after', () => {
    for (const live of [
      namespace({ [enforce]: 'baseline' }),
      namespace({ [enforce]: 'privileged' }, ours),
      namespace({ [enforce]: 'restricted' }),
    ])
      expect(namespaceToApply(rendered, live)).toEqual(namespace(managed));
  });

  it('is nothing we touch where only components of the user live', () => {
    const theirs = namespace(managed);
    expect(namespaceToApply(theirs, namespace({ [enforce]: 'baseline' }))).toBe(theirs);
  });
});
