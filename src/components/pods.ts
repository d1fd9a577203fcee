import { controlPlaneTaint, labelKeys } from '../domain/labels.js';
import type { ClusterSpec } from '../domain/spec/schema.js';
import { bytesOf, milliOf } from '../domain/quantity.js';
import { isMap } from './template/helpers.js';

type Values = Readonly<Record<string, unknown>>;

/** Pods that are alike, and what each of them asks for. */
export interface Pods {
  /** A number, or the nodes that a DaemonSet runs on. */
  readonly count: number | { readonly nodes: (node: NodeForm) => boolean };
  readonly cpuMilli: number;
  readonly memoryMiB: number;
  /** Gibibytes of each volume that every one of them has to itself. */
  readonly volumesGiB: readonly number[];
}

/** Nodes that are alike. */
export interface NodeForm {
  readonly count: number;
  readonly isServer: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
}

interface Taint {
  readonly key: string;
  readonly value?: string | undefined;
  readonly effect: string;
}

/** The nodes of a cluster, as pods see them. */
export function nodesOf({ controlPlane, pools }: Pick<ClusterSpec, 'controlPlane' | 'pools'>): readonly NodeForm[] {
  const labelled = (pool: string, more: Readonly<Record<string, string>> = {}) => ({
    ...more,
    [labelKeys.pool]: pool,
    'kubernetes.io/os': 'linux',
  });
  return [
    {
      count: controlPlane.count,
      isServer: true,
      labels: labelled('control-plane', { [controlPlaneTaint.key]: 'true' }),
      taints: pools.some(({ count, autoscale }) => count > 0 || autoscale !== undefined) ? [controlPlaneTaint] : [],
    },
    ...pools.map(({ name, count, labels, taints }) => ({
      count,
      isServer: false,
      labels: labelled(name, labels),
      taints,
    })),
  ];
}

/** Whether a node takes pods with this `nodeSelector` and these `tolerations`. */
export function takes({ labels, taints }: NodeForm, { nodeSelector, tolerations }: Values): boolean {
  const selected = isMap(nodeSelector) ? Object.entries(nodeSelector) : [];
  const tolerated = Array.isArray(tolerations) ? tolerations.filter(isMap) : [];
  return (
    selected.every(([key, value]) => labels[key] === value) &&
    taints.every((taint) => taint.effect === 'PreferNoSchedule' || tolerated.some((one) => tolerates(one, taint)))
  );
}

const tolerates = ({ key, operator, value, effect }: Values, taint: Taint): boolean =>
  (key === undefined || key === taint.key) &&
  (effect === undefined || effect === taint.effect) &&
  (operator === 'Exists' || (value ?? '') === (taint.value ?? ''));

/** What a container asks for by its `resources`: a request that is left out is the limit. */
export function askedOf(resources: unknown): { readonly cpuMilli: number; readonly memoryMiB: number } {
  const { requests, limits } = isMap(resources) ? resources : {};
  const asked: Values = { ...(isMap(limits) ? limits : {}), ...(isMap(requests) ? requests : {}) };
  const text = (name: string): string => scalarText(asked[name]);
  return { cpuMilli: milliOf(text('cpu')) ?? 0, memoryMiB: (bytesOf(text('memory')) ?? 0) / 2 ** 20 };
}

const scalarText = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : '0';

/** Gibibytes of a quantity; 0 where there is none. */
export const gibOf = (quantity: unknown): number =>
  typeof quantity === 'string' ? (bytesOf(quantity) ?? 0) / 2 ** 30 : 0;
