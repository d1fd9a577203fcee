import { plural, type Machine } from '../domain/index.js';
import { RefusedError } from '../errors/index.js';

export interface KeyPlace {
  readonly cluster: string;
  /** The file of the private key; undefined where the workspace is no folder. */
  readonly path: string | undefined;
}

/** Machines that only the cluster's own key opens: those that Slipway made. */
export const keyedMachines = (machines: readonly Machine[]): readonly Machine[] =>
  machines.filter(({ login, isClosed, status }) => login === undefined && !isClosed && status !== 'deleting');

/** A new key at the provider opens no machine that exists. */
export function keyLost(place: KeyPlace, machines: readonly Machine[]): RefusedError {
  const known = machines.length > 0 ? `: ${accepting(machines)} no other` : '';
  return new RefusedError(`The SSH key of ${place.cluster} is missing from ${nameOf(place)}${known}.`, {
    code: 'SSH_KEY_LOST',
    hint: wayBack(place),
  });
}

export function keyChanged(place: KeyPlace, machines: readonly Machine[]): RefusedError {
  return new RefusedError(
    `The SSH key in ${nameOf(place)} is not the one that ${place.cluster} was made with: ${accepting(machines)} only that one.`,
    { code: 'SSH_KEY_CHANGED', hint: wayBack(place) },
  );
}

const accepting = ({ length }: readonly Machine[]): string =>
  `${plural(length, 'machine')} ${length === 1 ? 'accepts' : 'accept'}`;

/** Whether two public keys are one, whatever is written behind them. */
export const isSameKey = (one: string, other: string): boolean => withoutComment(one) === withoutComment(other);

const withoutComment = (publicKey: string): string => publicKey.trim().split(/\s+/).slice(0, 2).join(' ');

const nameOf = ({ path }: KeyPlace): string => path ?? 'the workspace';

const wayBack = ({ cluster, path }: KeyPlace): string =>
  (path === undefined
    ? `Give it the key from a copy: slipway cluster adopt ${cluster} --ssh-key FILE. `
    : `Put the key back from a copy at ${path}, readable by you alone, and run the same command again. `) +
  `Without a copy, put a new one onto the machines: slipway cluster adopt ${cluster}`;
