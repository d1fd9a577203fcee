import { describe, expect, it } from 'vitest';

import { commandCalled, takes } from '../../src/cli/command-called.js';

const known = (id: string): boolean => ['cluster:list', 'schema', 'version'].includes(id);

describe('the command that is called', () => {
  it.each([
    ['cluster list', { id: 'cluster:list', argv: [] }],
    ['cluster list --json -o yaml', { id: 'cluster:list', argv: ['--json', '-o', 'yaml'] }],
    ['cluster list demo', { id: 'cluster:list', argv: ['demo'] }],
    ['version', { id: 'version', argv: [] }],
    ['schema --folder parts', { id: 'schema', argv: ['--folder', 'parts'] }],
    ['cluster list -- --help', { id: 'cluster:list', argv: ['--', '--help'] }],
  ])('`%s` is found without oclif', (typed, call) => {
    expect(commandCalled(typed.split(' '), known)).toEqual(call);
  });

  it.each([
    '',
    'cluster',
    'cluster lst',
    'cluster:list',
    '--json cluster list',
    'cluster list --help',
    'version -h',
    'help',
  ])('`%s` is left to oclif', (typed) => {
    expect(commandCalled(typed.split(' '), known)).toBeUndefined();
  });

  it('takes a further word where it has arguments, and flags always', () => {
    const withArguments = { args: { name: {} } };
    expect(takes(withArguments, 'demo')).toBe(true);
    expect(takes({ args: {}, strict: false }, 'demo')).toBe(true);
    expect(takes({ args: {}, strict: true }, 'demo')).toBe(false);
    expect(takes({}, 'demo')).toBe(false);
    expect(takes({}, '--json')).toBe(true);
    expect(takes({}, undefined)).toBe(true);
  });
});
