import { describe, expect, it } from 'vitest';

import { disabledAt } from '../../../../src/distributions/k3s/host/index.js';

const at = (...line: string[]) => disabledAt({ 'k3s.io/node-args': JSON.stringify(line) });

describe('what a node says that its server leaves out', () => {
  it('is every part, sorted, whether given one by one or in one argument', () => {
    expect(at('server', '--disable', 'traefik', '--token', '********', '--disable', 'servicelb')).toEqual([
      'servicelb',
      'traefik',
    ]);
    expect(at('server', '--disable', 'traefik,coredns')).toEqual(['coredns', 'traefik']);
  });

  it('is nothing where its server leaves nothing out', () => {
    expect(at('server', '--cluster-init', 'true')).toEqual([]);
  });

  it('is not known of an agent, and where the annotation is missing or cannot be read', () => {
    expect(at('agent', '--server', 'https://10.0.0.2:6443')).toBeUndefined();
    expect(disabledAt({})).toBeUndefined();
    expect(disabledAt({ 'k3s.io/node-args': '["server", 1' })).toBeUndefined();
    expect(disabledAt({ 'k3s.io/node-args': '{"server": true}' })).toBeUndefined();
  });
});
