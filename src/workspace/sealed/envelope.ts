import { createHmac, timingSafeEqual } from 'node:crypto';

import { Damaged } from './age.js';

/** What is sealed: a text, and what it is. Age itself keeps neither name nor order of what it seals. */
export interface Envelope {
  /** Id of the workspace. */
  readonly workspace: string;
  /** The blob's whole key. */
  readonly key: string;
  /** Id of the cluster's folder; undefined for what belongs to none. */
  readonly cluster?: string | undefined;
  /** Drawn anew whenever the blob is created. */
  readonly birth: string;
  /** 1 for a new blob, one more with each change. */
  readonly sequence: number;
  readonly text: string;
}

/** A blob that opens and is not the one that belongs there. */
export class Swapped extends Error {}

const macOf = (key: string, json: string): string =>
  createHmac('sha256', Buffer.from(key, 'hex')).update(json).digest('hex');

/**
 * Anybody can seal for recipients, whose names are no secret; so what is sealed carries a code that takes the workspace's own
 * key.
 */
export function packed(envelope: Envelope, key: string): string {
  const json = JSON.stringify(envelope);
  return `${macOf(key, json)}\n${json}`;
}

/** @throws Swapped, Damaged */
export function unpacked(
  text: string,
  keys: readonly string[],
  expected: Pick<Envelope, 'workspace' | 'key'>,
): Envelope {
  const [mac = '', json = ''] = [text.slice(0, 64), text.slice(65)];
  const isOurs = keys.some((key) => {
    const right = macOf(key, json);
    return mac.length === right.length && timingSafeEqual(Buffer.from(mac), Buffer.from(right));
  });
  if (!isOurs) throw new Swapped('it was not written by anybody who can open this workspace');
  const envelope = parsed(json);
  if (envelope.workspace !== expected.workspace) throw new Swapped('it belongs to another workspace');
  if (envelope.key !== expected.key) throw new Swapped(`it is ${envelope.key}, put in this one’s place`);
  return envelope;
}

function parsed(json: string): Envelope {
  try {
    return JSON.parse(json) as Envelope;
  } catch (error) {
    throw new Damaged('it is not what Slipway seals', { cause: error });
  }
}
