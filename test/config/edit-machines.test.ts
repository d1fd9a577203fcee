import { describe, expect, it } from 'vitest';

import { editMachines } from '../../src/config/index.js';

const file = `name: demo # of the shop
provider: { name: sandbox, locations: [ fsn1, nbg1 ] }
pools:
  - { name: web, type: cax21, count: 2 } # customers
  - name: batch
    type:
      - cax41 # first
      - cax31
`;

describe('other machines in a cluster file', () => {
  it('are a pool’s type and locations, and everything else stays as it was written', () => {
    expect(editMachines(file, { pool: 'web', type: ['cax31'], locations: ['nbg1'] })).toBe(
      file.replace('{ name: web, type: cax21, count: 2 }', '{ name: web, type: cax31, count: 2, locations: [ nbg1 ] }'),
    );
  });

  it('are an ordered list where there are fallbacks', () => {
    expect(editMachines(file, { pool: 'batch', type: ['cax31', 'cax21'] })).toContain('type: [ cax31, cax21 ]');
  });

  it('are the control plane’s, also where the file has left it to its defaults', () => {
    expect(editMachines(file, { pool: 'cp', type: ['cax31'] })).toMatch(/controlPlane:\s+type: cax31/);
  });

  it('are of another image, which is the whole cluster’s', () => {
    expect(editMachines(file, { image: 'debian-13' })).toBe(`${file}image: debian-13\n`);
  });

  it('are refused for a pool that the file does not have', () => {
    expect(() => editMachines(file, { pool: 'other', type: ['cax31'] })).toThrow(
      expect.objectContaining({ code: 'POOL_NOT_IN_FILE' }),
    );
  });
});
