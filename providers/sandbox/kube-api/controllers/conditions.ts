import { type Obj, same } from '../objects.js';

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
}

export interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
}

export const conditionOf = (object: Obj, type: string): Condition | undefined =>
  ((object.status?.['conditions'] ?? []) as Condition[]).find((one) => one.type === type);

/** An object's conditions with one of them set; its time changes with its status only. */
export function withCondition(object: Obj, condition: Condition): Condition[] {
  const before = conditionOf(object, condition.type);
  const since =
    before?.status === condition.status && before.lastTransitionTime !== undefined
      ? { lastTransitionTime: before.lastTransitionTime }
      : {};
  return [
    ...((object.status?.['conditions'] ?? []) as Condition[]).filter(({ type }) => type !== condition.type),
    { ...condition, ...since },
  ];
}

/** Sets a node's Ready condition. */
export function setReady(node: Obj, status: string, reason: string, message: string, stamp: string): void {
  if (conditionOf(node, 'Ready')?.status === status) return;
  node.status = {
    ...node.status,
    conditions: withCondition(node, { type: 'Ready', status, reason, message, lastTransitionTime: stamp }),
  };
}

export const isNodeReady = (node: Obj): boolean => conditionOf(node, 'Ready')?.status === 'True';

export const hasTaint = (node: Obj, key: string): boolean =>
  ((node.spec?.['taints'] ?? []) as Taint[]).some((taint) => taint.key === key);

export function changeTaints(node: Obj, change: (list: Taint[]) => Taint[]): void {
  const before = (node.spec?.['taints'] ?? []) as Taint[];
  const after = change(before).filter(
    (taint, index, all) => all.findIndex((other) => other.key === taint.key && other.effect === taint.effect) === index,
  );
  if (same(before, after)) return;
  const { taints: _before, ...rest } = node.spec ?? {};
  node.spec = after.length === 0 ? rest : { ...rest, taints: after };
}

export const ownerOf = ({ apiVersion, kind, metadata }: Obj) => ({
  apiVersion,
  kind,
  name: metadata.name,
  uid: metadata.uid!,
  controller: true,
  blockOwnerDeletion: true,
});

export const isOwnedBy = (object: Obj, uid: string | undefined): boolean =>
  object.metadata.ownerReferences?.some((owner) => owner.uid === uid) ?? false;

/** Short and the same each time for the same value. */
export function hashOf(value: unknown): string {
  let hash = 2_166_136_261;
  for (const character of JSON.stringify(value)) hash = Math.imul(hash ^ character.charCodeAt(0), 16_777_619) >>> 0;
  return hash.toString(36).padStart(7, '0');
}
