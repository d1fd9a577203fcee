import { describe, expect, it } from 'vitest';

import type { KubeObject } from '../../../src/kube/types.js';
import { healthOf } from '../../../src/components/apply/health.js';

const object = (kind: string, status: object, spec: object = {}, generation = 1): KubeObject => ({
  apiVersion: 'x/v1',
  kind,
  metadata: { name: 'web', generation },
  spec,
  status,
});
const conditions = (...all: [type: string, status: string, message?: string][]) => ({
  conditions: all.map(([type, status, message]) => ({ type, status, message })),
});

describe('a workload is healthy', () => {
  it.each<[string, KubeObject | undefined, string, string]>([
    ['never when it is not there', undefined, 'missing', 'it does not exist'],
    [
      'not while its controller has not seen the last change',
      object('Deployment', { observedGeneration: 1, updatedReplicas: 1, availableReplicas: 1 }, { replicas: 1 }, 2),
      'progressing',
      'its controller has not seen the last change',
    ],
    [
      'a Deployment with all replicas',
      object('Deployment', { updatedReplicas: 2, availableReplicas: 2 }, { replicas: 2 }),
      'healthy',
      '',
    ],
    ['an admission policy without faults', object('ValidatingAdmissionPolicy', { typeChecking: {} }), 'healthy', ''],
    [
      'not an admission policy that the API found a fault in',
      object('ValidatingAdmissionPolicy', {
        typeChecking: {
          expressionWarnings: [{ fieldRef: 'spec.validations[0].expression', warning: 'no such field' }],
        },
      }),
      'failed',
      'spec.validations[0].expression: no such field',
    ],
    ['a Deployment scaled to nothing', object('Deployment', {}, { replicas: 0 }), 'healthy', ''],
    [
      'not a Deployment with old replicas',
      object('Deployment', { updatedReplicas: 1, availableReplicas: 2 }, { replicas: 2 }),
      'progressing',
      '1 of 2 replicas are of the last version',
    ],
    [
      'not a Deployment that waits for one',
      object('Deployment', { updatedReplicas: 2, availableReplicas: 1 }, { replicas: 2 }),
      'progressing',
      '1 of 2 replicas are available',
    ],
    [
      'not a Deployment that is stuck',
      object('Deployment', { ...conditions(['Progressing', 'False', 'has timed out']) }, { replicas: 1 }),
      'failed',
      'it makes no progress: has timed out',
    ],
    ['a StatefulSet with all replicas', object('StatefulSet', { readyReplicas: 3 }, { replicas: 3 }), 'healthy', ''],
    [
      'not a StatefulSet that rolls',
      object(
        'StatefulSet',
        { readyReplicas: 3, updatedReplicas: 1, updateRevision: 'b', currentRevision: 'a' },
        { replicas: 3 },
      ),
      'progressing',
      '1 of 3 replicas are of the last version',
    ],
    [
      'a DaemonSet on every node',
      object('DaemonSet', { desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 2 }),
      'healthy',
      '',
    ],
    [
      'not a DaemonSet nobody has looked at',
      object('DaemonSet', {}),
      'progressing',
      'its controller has not seen it yet',
    ],
    ['a Job that is complete', object('Job', conditions(['Complete', 'True'])), 'healthy', ''],
    ['not a Job that failed', object('Job', conditions(['Failed', 'True', 'too often'])), 'failed', 'too often'],
    ['a Service that needs no address', object('Service', {}, { type: 'ClusterIP' }), 'healthy', ''],
    [
      'not a Service without its address',
      object('Service', { loadBalancer: {} }, { type: 'LoadBalancer' }),
      'progressing',
      'it has no address yet',
    ],
    ['a claim that is bound', object('PersistentVolumeClaim', { phase: 'Bound' }), 'healthy', ''],
    [
      'a definition that is served',
      object('CustomResourceDefinition', conditions(['Established', 'True'])),
      'healthy',
      '',
    ],
    ['anything that says Ready', object('ClusterIssuer', conditions(['Ready', 'True'])), 'healthy', ''],
    [
      'nothing that says why not',
      object('Certificate', conditions(['Ready', 'False', 'waiting for DNS'])),
      'progressing',
      'waiting for DNS',
    ],
    ['nothing that says nothing', object('Certificate', {}), 'progressing', 'nothing is said about Ready yet'],
  ])('%s', (_, found, state, why) => expect(healthOf(found)).toEqual({ state, why }));
});
