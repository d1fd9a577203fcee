import type { Obj } from '../objects.js';
import { momentMs, outcomeOf } from './commands.js';
import { imageProblem, type ImageProblem, unavailable } from './image-names.js';
import { patienceMs, type Probe, type ProbedContainer, probeFailure } from './probes.js';

/** On a pod, or in a workload's template: what its containers do, its init containers and sidecars excepted. */
export const behaviorAnnotation = 'sandbox.slipway.dev/behavior';

/** `serve` overrules what image, command and probes say. */
const told = ['serve', 'fail', 'crash', 'not-ready', 'no-image'] as const;
type Told = (typeof told)[number];

export interface Container extends ProbedContainer {
  readonly name: string;
  readonly image?: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly restartPolicy?: string;
  readonly readinessProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly startupProbe?: Probe;
}

/** What a container is in its pod. */
export type Role = 'main' | 'init' | 'sidecar';

export interface Unhealthy {
  readonly probe: 'Readiness' | 'Liveness' | 'Startup';
  readonly why: string;
}

/** What a container does once it is started, by all that can be known of it. */
export interface Behavior {
  readonly image?: ImageProblem;
  /** From its start on; undefined: never. */
  readonly readyAfterMs: number | undefined;
  /** From its start on; undefined: it goes on. */
  readonly endsAfterMs: number | undefined;
  readonly exitCode: number;
  readonly output: readonly string[];
  readonly unhealthy: readonly Unhealthy[];
}

const serving: Behavior = { readyAfterMs: 0, endsAfterMs: undefined, exitCode: 0, output: [], unhealthy: [] };

/** Shorter runs are over before a probe or an endpoint sees them. */
const shownMs = 1_000;
const jobMs = 1_000;
const failMs = 500;
const crashMs = 5_000;
const killed = 137;

/** Undefined: nothing is known of its command. */
function byCommand({ command, args = [] }: Container): Behavior | undefined {
  // Without a command the image's own gets the arguments, and that one is not known.
  const outcome = command && command.length > 0 ? outcomeOf([...command, ...args]) : undefined;
  if (!outcome) return undefined;
  const { afterMs, exitCode, output } = outcome;
  const isShown = afterMs === undefined || afterMs >= shownMs;
  return { ...serving, readyAfterMs: isShown ? 0 : undefined, endsAfterMs: afterMs, exitCode, output };
}

const toldOf = ({ metadata }: Obj): Told | undefined =>
  told.find((one) => one === metadata.annotations?.[behaviorAnnotation]);

/** What a container does: as its pod's annotation tells, else by its image, command and probes. */
export function behaviorOf(pod: Obj, container: Container, role: Role): Behavior {
  const { image = '' } = container;
  switch (role === 'main' ? toldOf(pod) : undefined) {
    case 'serve':
      return serving;
    case 'fail':
      return { ...serving, readyAfterMs: undefined, endsAfterMs: failMs, exitCode: 1 };
    case 'crash':
      return { ...serving, endsAfterMs: crashMs, exitCode: 1 };
    case 'not-ready':
      return {
        ...serving,
        readyAfterMs: undefined,
        unhealthy: [{ probe: 'Readiness', why: `${behaviorAnnotation}: not-ready` }],
      };
    case 'no-image':
      return { ...serving, image: unavailable(image, `${image}: not found`) };
    case undefined: {
      const problem = imageProblem(image);
      if (problem) return { ...serving, image: problem };
      const behavior = byCommand(container) ?? usual(pod, role);
      return role === 'init' ? behavior : probed(behavior, pod, container);
    }
  }
}

/** What nobody has described serves; what a job or an init container runs ends well. */
function usual({ metadata }: Obj, role: Role): Behavior {
  if (role === 'init') return { ...serving, readyAfterMs: undefined, endsAfterMs: momentMs };
  return role === 'main' && metadata.ownerReferences?.some(({ kind }) => kind === 'Job')
    ? { ...serving, readyAfterMs: undefined, endsAfterMs: jobMs }
    : serving;
}

function probed(behavior: Behavior, pod: Obj, container: Container): Behavior {
  const address = (pod.status?.['podIP'] as string | undefined) ?? '';
  const all = (pod.spec?.['containers'] ?? []) as readonly ProbedContainer[];
  const failureOf = (probe: Probe | undefined): string | undefined =>
    probe && probeFailure(probe, container, all, address);
  const { startupProbe, livenessProbe, readinessProbe } = container;
  const startup = failureOf(startupProbe);
  const fatal = startup === undefined ? failureOf(livenessProbe) : startup;
  const fatalProbe = startup === undefined ? livenessProbe : startupProbe;
  const readiness = failureOf(readinessProbe);
  const unhealthy: Unhealthy[] = [
    ...(startup === undefined ? [] : [{ probe: 'Startup' as const, why: startup }]),
    ...(startup !== undefined || fatal === undefined ? [] : [{ probe: 'Liveness' as const, why: fatal }]),
    ...(startup !== undefined || readiness === undefined ? [] : [{ probe: 'Readiness' as const, why: readiness }]),
  ];
  const delayMs = ((startupProbe?.initialDelaySeconds ?? 0) + (readinessProbe?.initialDelaySeconds ?? 0)) * 1000;
  const isReady = behavior.readyAfterMs !== undefined && startup === undefined && readiness === undefined;
  const endMs = fatal === undefined ? Infinity : patienceMs(fatalProbe!);
  return {
    ...behavior,
    readyAfterMs: isReady ? delayMs : undefined,
    ...(endMs < (behavior.endsAfterMs ?? Infinity) ? { endsAfterMs: endMs, exitCode: killed } : {}),
    unhealthy,
  };
}
