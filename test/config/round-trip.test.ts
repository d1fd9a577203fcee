import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { parseCluster } from '../../src/config/cluster-file.js';
import { editPools } from '../../src/config/edit.js';
import { specFromFlags } from '../../src/config/from-flags.js';
import { clusterToYaml } from '../../src/config/to-yaml.js';
import type { SlipwayError } from '../../src/errors/index.js';

const word = fc.stringMatching(/^[a-z][a-z0-9]{0,7}$/).filter((text) => text !== 'cp');
const types = fc.uniqueArray(word, { minLength: 1, maxLength: 3 });
const pools = fc.uniqueArray(word, { maxLength: 3 }).chain((names) =>
  fc.tuple(
    ...names.map((name) =>
      fc.record(
        {
          name: fc.constant(name),
          count: fc.nat(40),
          type: types,
          labels: fc.dictionary(word, fc.stringMatching(/^[A-Za-z0-9]{0,9}$/), { maxKeys: 3 }),
          taints: fc.uniqueArray(
            fc.record({
              key: word,
              value: fc.constantFrom('no', '0x1', '1e3', 'null'),
              effect: fc.constant('NoExecute'),
            }),
            { maxLength: 2, selector: ({ key }) => key },
          ),
        },
        { requiredKeys: ['name'] },
      ),
    ),
  ),
);
const file = fc.record(
  {
    name: word,
    provider: fc.record(
      { name: word, locations: types, residency: fc.constant(['NO', 'DE']) },
      { requiredKeys: ['name'] },
    ),
    controlPlane: fc.record({ count: fc.constantFrom(1, 3, 5), type: types }, { requiredKeys: [] }),
    pools,
    image: fc.constantFrom('24.04', 'on', 'ubuntu-26.04', '# no comment', 'a: b'),
    ssh: fc.constant({ allow: ['203.0.113.0/24', 'self'] }),
    components: fc.constantFrom(
      {},
      { preset: 'minimal' },
      { loki: false, monitoring: { values: { a: null, b: 'yes' } } },
    ),
  },
  { requiredKeys: ['name', 'provider'] },
);

it('a specification written as a cluster file is read back as the same', () => {
  fc.assert(
    fc.property(file, (input) => {
      const spec = parseCluster(JSON.stringify(input), 'cluster.yaml');
      expect(parseCluster(clusterToYaml(spec), 'cluster.yaml')).toEqual(spec);
    }),
  );
});

it('a written file holds only what differs from the defaults', () => {
  const spec = parseCluster('name: demo\nprovider: {name: sandbox}\npools: [{name: web, type: cax11}]\n', 'x');
  expect(clusterToYaml(spec)).toBe(
    'apiVersion: slipway.dev/v1\nkind: Cluster\nname: demo\nprovider:\n  name: sandbox\npools:\n  - name: web\n    type: cax11\n    count: 1\n',
  );
});

describe('changing a pool in a file of a person', () => {
  const text = `# our cluster
name: demo # the name
provider: {name: sandbox}
pools:
  # customers
  - {name: web, count: 2}
  - name: platform
    count: 1
`;

  it('changes the count and nothing else, comments included', () => {
    expect(editPools(text, { kind: 'scale', name: 'platform', size: { count: 4 } })).toBe(
      text.replace('    count: 1', '    count: 4'),
    );
  });

  it('keeps every other byte of a file that is written in its own way', () => {
    const own =
      "# ours\r\nname:   demo\r\nprovider: { name: 'sandbox',   }\r\npools:\r\n- {count:  2 , name: \"web\"} # two\r\n- name: db\r\n  labels: {a: 'b'  ,c: d}\r\n  count:   0x3   # three\r\n\r\n\r\n# end";
    expect(editPools(own, { kind: 'scale', name: 'web', size: { count: 12 } })).toBe(
      own.replace('count:  2', 'count:  12'),
    );
    expect(editPools(own, { kind: 'scale', name: 'db', size: { count: 4 } })).toBe(own.replace('0x3', '4'));
    expect(editPools(`\ufeff${text}`, { kind: 'scale', name: 'web', size: { count: 3 } })).toBe(
      `\ufeff${text.replace('count: 2', 'count: 3')}`,
    );
  });

  it('writes a count into a pool that had none', () => {
    const bare = 'name: demo\nprovider: {name: sandbox}\npools:\n  - name: web\n';
    expect(parseCluster(editPools(bare, { kind: 'scale', name: 'web', size: { count: 3 } }), 'x').pools).toMatchObject([
      { name: 'web', count: 3 },
    ]);
  });

  it('adds one behind the others, and a list where there was none', () => {
    const pool = { name: 'db', count: 3, standby: 1, type: ['cax41'], labels: { tier: 'db' }, taints: [] };
    const more = parseCluster(editPools(text, { kind: 'add', pool }), 'x');
    expect(more.pools.map(({ name, count }) => [name, count])).toEqual([
      ['web', 2],
      ['platform', 1],
      ['db', 3],
    ]);
    const first = parseCluster(editPools('name: demo\nprovider: {name: sandbox}\n', { kind: 'add', pool }), 'x');
    expect(first.pools).toMatchObject([{ name: 'db', standby: 1, type: ['cax41'], labels: { tier: 'db' } }]);
  });

  it('removes one', () => {
    expect(parseCluster(editPools(text, { kind: 'remove', name: 'web' }), 'x').pools).toMatchObject([
      { name: 'platform' },
    ]);
  });

  it('says so when the file has no such pool', () => {
    expect(() => editPools(text, { kind: 'scale', name: 'wbe', size: { count: 1 } })).toThrow('no pool called wbe');
  });
});

describe('flags', () => {
  it('mean the same as the file that could have been written', () => {
    const spec = specFromFlags({
      name: 'demo',
      provider: 'hetzner',
      location: ['fsn1', 'hel1'],
      controlPlanes: 3,
      workers: 2,
      type: 'cax21',
    });
    expect(spec).toEqual(
      parseCluster(
        'name: demo\nprovider: {name: hetzner, locations: [fsn1, hel1]}\ncontrolPlane: {count: 3, type: cax21}\npools: [{name: workers, count: 2, type: cax21}]\n',
        'x',
      ),
    );
  });

  it('are called by their names when they are wrong, all at once', () => {
    try {
      specFromFlags({
        name: 'Demo',
        provider: 'hetzner',
        controlPlanes: 2,
        kubernetesVersion: '1.36',
        apiAllow: ['me'],
      });
      expect.unreachable();
    } catch (error) {
      const { details } = error as SlipwayError;
      expect(details.map((line) => line.split(':')[0])).toEqual(
        expect.arrayContaining(['NAME', '--control-planes', '--kubernetes-version', '--api-allow']),
      );
    }
  });
});
