import { describe, expect, it } from 'vitest';

import type { MachineRequest } from '../../../src/provider/port.js';
import { cluster, options, type Stage } from './stage.js';

export function preflightContract(stage: Stage): void {
  describe('preflight', () => {
    it('refuses a wrong token, and a read-only token, before anything is billed', async () => {
      expect(await stage.codes(stage.request([stage.machine()]), await stage.harness.open({ token: 'wrong' }))).toEqual(
        ['TOKEN_REJECTED'],
      );
      expect(
        await stage.codes(stage.request([stage.machine()]), await stage.harness.open({ token: 'read-only' })),
      ).toEqual(['TOKEN_READ_ONLY']);
      for (const [token, code] of [
        ['wrong', 'TOKEN_REJECTED'],
        ['read-only', 'TOKEN_READ_ONLY'],
      ] as const) {
        const problem = await (await stage.harness.open({ token })).credentialProblem(options);
        expect(problem?.code).toBe(code);
      }
      expect(await stage.provider.credentialProblem(options)).toBeUndefined();
      expect(await stage.harness.outside.everything()).toEqual([]);
    });

    it('refuses more machines than one network takes, balancer included', async (context) => {
      if (stage.harness.networkLimit === undefined) return context.skip();
      const cp = [1, 2, 3].map((slot) => stage.machine(slot, { pool: 'cp' }));
      const machines = (workers: number): MachineRequest[] => [
        ...cp,
        ...Array.from({ length: workers }, (_, i) => stage.machine(i + 1)),
      ];
      expect(await stage.codes(stage.request(machines(96)))).toEqual([]);
      expect(await stage.codes(stage.request(machines(97)))).toEqual(['NETWORK_FULL']);
    });

    it('refuses names and keys that belong to somebody else, all at once', async () => {
      await stage.harness.outside.machine(stage.machine().name);
      await stage.harness.outside.network(`${cluster.name}-network`);
      await stage.harness.outside.sshKey('laptop', stage.publicKey);
      const problems = await stage.provider.preflight(stage.request([stage.machine()]), options);
      expect(problems.map((problem) => problem.code).sort()).toEqual([
        'NAME_TAKEN',
        'NAME_TAKEN',
        ...(stage.harness.keysAreUnique ? ['SSH_KEY_TAKEN'] : []),
      ]);
      expect(problems.every((problem) => problem.kind === 'refused')).toBe(true);
      expect(problems.map((problem) => problem.message).join('\n')).toContain(stage.machine().name);
    });
  });
}
