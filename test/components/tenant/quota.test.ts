import { describe, expect, it } from 'vitest';

import { containerOf, overused, quotaOf } from '../../../src/components/tenant/quota.js';
import { tenantSchema } from '../../../src/domain/spec/tenants.js';

const tenant = (quota: object = {}) => tenantSchema.parse({ name: 'globex', quota });
const classes = { classes: ['hcloud-volumes'], others: ['local-path'] };

describe('the quota of a tenant', () => {
  it('both namespaces together have what the tenant may have, and no more', () => {
    const platform = { cpuMilli: 500, memoryMiB: 1024, storageMiB: 5 * 1024, volumes: 2, pods: 4 };
    expect(quotaOf(tenant(), classes, platform)).toMatchObject({
      own: {
        'requests.cpu': '1500m',
        'requests.memory': '3Gi',
        'limits.memory': '3Gi',
        'requests.storage': '15Gi',
        persistentvolumeclaims: '3',
        pods: '26',
      },
      platform: {
        'requests.cpu': '500m',
        'requests.memory': '1Gi',
        'limits.memory': '1Gi',
        'requests.storage': '5Gi',
        persistentvolumeclaims: '2',
        pods: '4',
      },
    });
  });

  it('nothing runs for a tenant yet, so that all of it is its own', () => {
    const { own, platform } = quotaOf(tenant({ cpu: '0.5', memory: '1536Mi' }), classes);
    expect(own).toMatchObject({ 'requests.cpu': '500m', 'requests.memory': '1536Mi', pods: '30' });
    expect(platform).toMatchObject({ 'requests.cpu': '0', 'requests.memory': '0', pods: '0' });
  });

  it('there are no load balancers and no node ports in either namespace', () => {
    const { own, platform } = quotaOf(tenant(), classes);
    for (const hard of [own, platform])
      expect(hard).toMatchObject({ 'services.loadbalancers': '0', 'services.nodeports': '0' });
  });

  it('storage is counted by class, and there is none of a class that is not the tenant’s', () => {
    const of = '.storageclass.storage.k8s.io/requests.storage';
    const { own, platform } = quotaOf(tenant(), classes);
    expect([own[`hcloud-volumes${of}`], own[`local-path${of}`]]).toEqual(['20Gi', '0']);
    expect([platform[`hcloud-volumes${of}`], platform[`local-path${of}`]]).toEqual(['0', '0']);
  });

  it('objects are counted by kind; of ReplicaSets there are those that Deployments keep', () => {
    const { own } = quotaOf(tenant({ objects: 10 }), classes);
    expect(own).toMatchObject({
      configmaps: '10',
      secrets: '10',
      'count/jobs.batch': '10',
      'count/replicasets.apps': '110',
    });
  });

  it.each<[cpu: string, memory: string, expected: object]>([
    ['0.25', '128Mi', { cpu: '250m', memory: '128Mi' }],
    ['1000m', '1024Mi', { cpu: '1', memory: '1Gi' }],
  ])('what a container gets is written as the API writes it: %s cores, %s', (cpu, memory, expected) => {
    expect(containerOf({ ...tenant(), container: { cpu, memory } })).toMatchObject(expected);
  });
});

describe('a quota below what is used', () => {
  it.each<[hard: string, used: string, isOver: boolean]>([
    ['500m', '1', true],
    ['2', '1500m', false],
    ['4Gi', '4096Mi', false],
    ['1Gi', '1025Mi', true],
    ['0', '0', false],
    ['5', '6', true],
  ])('%s against %s in use: %s', (hard, used, isOver) => {
    expect(overused({ x: hard }, { x: used })).toEqual(isOver ? [`x: ${hard} asked for, ${used} used`] : []);
  });

  it('what is not used is not over', () => {
    expect(overused({ pods: '1' }, {})).toEqual([]);
  });
});
