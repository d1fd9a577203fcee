import { describe, expect, it } from 'vitest';

import { anyFields, clusterSchemaFor } from '../../src/domain/spec/schema.js';
import { findCluster } from '../../src/workflows/cluster/change-draft.js';
import type { WorkflowContext } from '../../src/workflows/context.js';
import { refuseOutside } from '../../src/workflows/kept-where.js';
import { z } from 'zod';

const specOf = (residency?: readonly string[]) =>
  clusterSchemaFor({ ...anyFields, version: z.string().default('v1.36.5+k3s1') }).parse({
    name: 'demo',
    provider: { name: 'hetzner', ...(residency ? { residency } : {}) },
  });
const at = (country: string | undefined) => ({ where: 's3://b/p', country });

describe('where a cluster is kept that may only be in some countries', () => {
  it.each([
    ['here', ['DE']],
    ['DE', ['DE', 'FI']],
    [undefined, undefined],
    ['US', undefined],
  ] as const)('may be %s where the file allows %s', (country, residency) => {
    expect(() => refuseOutside(specOf(residency), at(country), 'elsewhere')).not.toThrow();
  });

  it('is refused outside of them, and where nobody knows, each with what to do', () => {
    expect(() => refuseOutside(specOf(['DE']), at('US'), 'elsewhere')).toThrow(
      expect.objectContaining({ code: 'OUTSIDE_RESIDENCY', exitCode: 3, hint: 'elsewhere' }),
    );
    expect(() => refuseOutside(specOf(['DE']), at(undefined), 'elsewhere')).toThrow(
      expect.objectContaining({
        message: 'demo may only be kept in DE, and s3://b/p is in an unknown country.',
        hint: expect.stringContaining('country=DE') as string,
      }),
    );
  });

  it('is not planned or changed from a workspace in a bucket outside of them', async () => {
    const workspace = {
      path: 's3://b/p',
      country: () => Promise.resolve('US'),
      cluster: () => ({ record: () => Promise.resolve(undefined) }),
    };
    const context = { workspace, provider: () => Promise.resolve({}) } as unknown as WorkflowContext;
    await expect(findCluster(context, { spec: specOf(['DE']), recordedFileExists: false })).rejects.toMatchObject({
      code: 'OUTSIDE_RESIDENCY',
    });
  });
});
