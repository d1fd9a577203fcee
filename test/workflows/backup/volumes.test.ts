import { describe, expect, it } from 'vitest';
import { z } from 'zod';

import { Secret, systemRandom } from '../../../src/domain/index.js';
import { anyFields, clusterSchemaFor } from '../../../src/domain/spec/schema.js';
import { accessTo, volumesAccess, type VolumesAccess } from '../../../src/workflows/backup/volumes.js';

const environment: Readonly<Record<string, string>> = {
  SLIPWAY_VOLUMES_ACCESS_KEY_ID: 'volumes-only',
  SLIPWAY_VOLUMES_SECRET_ACCESS_KEY: 'planted-volumes-secret',
  AWS_ENDPOINT_URL: 'https://s3.example.com',
  AWS_REGION: 'somewhere',
};

/** What opens the copies of a cluster that may only be kept in Germany. */
function access(to: string): Promise<VolumesAccess> {
  const spec = clusterSchemaFor({ ...anyFields, version: z.string().default('v1.36.5+k3s1') }).parse({
    name: 'demo',
    provider: { name: 'hetzner', residency: ['DE'] },
  });
  const environmentOf = (name: string): Secret | undefined =>
    environment[name] === undefined ? undefined : new Secret(environment[name]);
  return volumesAccess(
    { secretSources: { environment: environmentOf } as never, random: systemRandom },
    { secret: (_, make) => Promise.resolve(new Secret(make())) },
    { name: 'demo', id: 'k3x9', spec },
    to,
  );
}

describe('the place of copies of volumes', () => {
  it('is refused outside of the countries that the file allows, and where nobody knows', async () => {
    for (const [to, country] of [
      ['s3://copies/prod?country=us', 'US'],
      ['s3://copies/prod', 'an unknown country'],
    ] as const)
      await expect(access(to)).rejects.toMatchObject({
        code: 'OUTSIDE_RESIDENCY',
        exitCode: 3,
        message: `demo may only be kept in DE, and ${to} is in ${country}.`,
      });
  });

  it('has a repository for each claim of each cluster, of which another of the same name finds nothing', async () => {
    const found = await access('s3://copies/prod?country=DE');
    expect(accessTo(found, 'shop/db')).toMatchObject({
      repository: 's3:https://s3.example.com/copies/prod/demo-k3x9/shop/db',
      region: 'somewhere',
    });
    expect(JSON.stringify(found)).not.toContain('planted');
  });
});
