import { inRange, rangeWithin } from '../../domain/index.js';
import type { ClusterSpec } from '../../domain/spec/schema.js';
import { RefusedError, UsageError } from '../../errors/index.js';
import { canRelabel, type ClusterRequest, type MachineProvider, type Problem } from '../../provider/port.js';
import { addressProblems } from './api-address.js';
import { bundlesOf } from '../bundle/of.js';
import type { Observation } from './observe.js';
import { type LeavingView, removalProblems } from './removal-check.js';
import { residencyProblems } from './residency.js';
import { allowReading, type Unchecked } from '../unchecked.js';

/**
 * Everything that can be known wrong before the first change, all at once.
 * @returns what a plan goes without; to change, nothing
 * @throws UsageError when the request is wrong, RefusedError when it is only unsafe or impossible now.
 */
export async function preflight(
  provider: MachineProvider,
  spec: ClusterSpec,
  {
    request,
    facts,
    distribution,
    bundleNeeds,
  }: Pick<Observation, 'request' | 'facts' | 'distribution' | 'bundleNeeds'>,
  signal: AbortSignal,
  {
    hostKeys = [],
    purpose = 'change',
    lose,
    leaving,
  }: {
    readonly hostKeys?: readonly Problem[];
    readonly purpose?: 'change' | 'plan';
    readonly lose?: ReadonlySet<string> | undefined;
    /** Undefined where no machine is drained. */
    readonly leaving?: LeavingView | undefined;
  } = {},
): Promise<readonly Unchecked[]> {
  // The provider first: with a token that is not taken nothing else can be asked.
  const found = await provider.preflight(request, { signal });
  const { problems: remaining, unchecked } =
    purpose === 'plan' ? allowReading(found) : { problems: found, unchecked: [] };
  const problems: Problem[] = [...remaining];
  if (!problems.some((problem) => problem.code.startsWith('TOKEN_'))) {
    problems.push(...(await accessProblems(provider, request, signal)));
    problems.push(...(await ruleProblems(provider, spec, { request, facts }, signal)));
    problems.push(...hostKeys);
    problems.push(...removalProblems(spec.name, facts, distribution, leaving, lose));
  }
  throwProblems(problems);
  // Last, since it may have much to read.
  const { bundle } = spec.kubernetes;
  if (bundle !== undefined) {
    const bundles = bundlesOf(distribution);
    for (const needs of await bundleNeeds(signal)) await bundles.verify(bundle, needs, signal);
  }
  return unchecked;
}

/**
 * The file's rules about what a cluster may be, against what it is and will be. They hold whether or not anything is
 * to be changed.
 */
export async function ruleProblems(
  provider: MachineProvider,
  spec: ClusterSpec,
  { request, facts }: Pick<Observation, 'request' | 'facts'>,
  signal: AbortSignal,
): Promise<Problem[]> {
  return [
    ...(await residencyProblems(provider, spec, { request, facts }, signal)),
    ...addressProblems(spec, facts, provider),
    ...standbyProblems(provider, spec),
    ...autoscaleProblems(provider, spec),
  ];
}

/** Only where a machine can be given the place of another one. */
function standbyProblems(provider: MachineProvider, { pools }: ClusterSpec): Problem[] {
  if (canRelabel(provider)) return [];
  return pools.flatMap(({ standby }, index) =>
    standby === 0
      ? []
      : [
          {
            code: 'STANDBY_UNSUPPORTED' as const,
            message: `${provider.title} has no standbys, and ${standby} ${standby === 1 ? 'is' : 'are'} asked for.`,
            hint: provider.traits.ownsMachines
              ? 'Take `standby` out of the pool.'
              : 'Hosts of the file that are not needed stand by as they are: take `standby` out of the pool, and list one host more.',
            kind: 'usage' as const,
            path: `pools[${index}].standby`,
          },
        ],
  );
}

/** Only where machines can be made and deleted. */
function autoscaleProblems(provider: MachineProvider, { pools }: ClusterSpec): Problem[] {
  if (provider.traits.ownsMachines) return [];
  return pools.flatMap(({ name, autoscale }, index) =>
    autoscale === undefined
      ? []
      : [
          {
            code: 'AUTOSCALE_UNSUPPORTED' as const,
            message: `No machines can be made at ${provider.title}, so that ${name} cannot have ${autoscale.min} to ${autoscale.max} of them.`,
            hint: 'Write `count` instead of `autoscale`: hosts that are not needed cost nothing more.',
            kind: 'usage' as const,
            path: `pools[${index}].autoscale`,
          },
        ],
  );
}

export function throwProblems(problems: readonly Problem[]): void {
  if (problems.length === 0) return;
  const [first] = problems as [Problem, ...Problem[]];
  const refused = problems.every((problem) => problem.kind === 'refused');
  const Kind = refused ? RefusedError : UsageError;
  if (problems.length === 1)
    throw new Kind(first.message, { code: first.code, hint: first.hint, details: first.details });
  throw new Kind(`${problems.length} problems must be fixed first; nothing was changed.`, {
    code: 'PREFLIGHT',
    hint: 'Fix them and run the same command again.',
    details: problems.flatMap((problem) => [
      `${problem.path === undefined ? '' : `${problem.path}: `}${problem.message}`,
      ...(problem.details ?? []).map((detail) => `  ${detail}`),
      `  → ${problem.hint}`,
    ]),
  });
}

/** Machines that this computer could make but not reach afterwards would be left half-made. */
async function accessProblems(
  provider: MachineProvider,
  request: ClusterRequest,
  signal: AbortSignal,
): Promise<Problem[]> {
  if (!provider.traits.managesFirewall) return [];
  const accesses = [
    { path: 'ssh.allow', what: 'SSH', allow: request.sshAllow },
    { path: 'kubernetes.api.allow', what: 'the Kubernetes API', allow: request.apiAllow },
  ];
  // An address of the other family than the ranges, or none at all, cannot be judged.
  if (accesses.every(({ allow }) => allow.some((range) => range === '0.0.0.0/0'))) return [];
  const self = await provider.ownAddress({ signal }).catch(() => undefined);
  if (self === undefined) return [];
  const address = self.split('/')[0]!;
  return accesses
    .filter(({ allow }) => !allow.some((range) => inRange(address, range) || rangeWithin(self, range)))
    .map(({ path, what, allow }) => ({
      code: 'OWN_ADDRESS_NOT_ALLOWED',
      message: `This computer’s address ${address} is not among the ranges allowed to reach ${what}: ${allow.join(', ')}.`,
      hint: `Add ${address}/${address.includes(':') ? '128' : '32'} or \`self\` to ${path}, or run this from an allowed address.`,
      kind: 'refused' as const,
      path,
    }));
}
