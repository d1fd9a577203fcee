import { describe, expect, it } from 'vitest';

import { drillName, quarantineSpec } from '../../src/domain/index.js';
import { anyFields, clusterSchemaFor } from '../../src/domain/spec/schema.js';
import { z } from 'zod';

const schema = clusterSchemaFor({ ...anyFields, version: z.string().default('v1.36.5+k3s1') });

describe('what a quarantined copy is made of', () => {
  it('is one server of the same kind without pools, components, backups and an address that others hold', () => {
    const spec = schema.parse({
      name: 'acme',
      provider: { name: 'hetzner', residency: ['DE'] },
      kubernetes: { api: { address: '10.0.0.9' } },
      controlPlane: { count: 3, type: 'cax21' },
      pools: [{ name: 'web', count: 4 }],
      components: { traefik: true },
      backup: { to: 's3://b/p' },
    });
    const copy = quarantineSpec(spec, 'mirror');
    expect(copy).toMatchObject({
      name: 'mirror',
      provider: { residency: ['DE'] },
      controlPlane: { count: 1, type: ['cax21'] },
      pools: [],
      components: { preset: 'none' },
    });
    expect(copy.backup).toBeUndefined();
    expect(copy.kubernetes.api.address).toBeUndefined();
    expect(schema.parse(copy)).toEqual(copy);
  });

  it('has a name that every provider takes, however long that of the cluster is', () => {
    expect(drillName('acme')).toBe('acme-drill');
    for (const name of ['a'.repeat(32), `${'a'.repeat(25)}-bcdef`])
      expect(schema.parse({ name: drillName(name), provider: { name: 'hetzner' } }).name).toHaveLength(
        name.includes('-') ? 31 : 32,
      );
  });
});
